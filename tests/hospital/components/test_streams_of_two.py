"""Status changes where there are two routers, and two processes of appointments over one database."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from statistics import median

import aiohttp
import pytest

from hospital.components.building import House
from hospital.components.router import router_component
from hospital.components.subgraph import subgraph_component
from hospital.names import NAMES
from router.settings import RouterSettings
from tests.e2e.hospital import PASSWORD, Gate
from tests.e2e.sockets import listening_to
from tests.hospital.components.conftest import listener, serving
from tests.hospital.components.test_components import BOOK, PATIENT, hired, sign_in, slots_of

TIMES = 6
TOLD_WITHIN_SECONDS = 0.25
ON_A_BUSY_MACHINE = 4


@pytest.fixture
async def gates(house: House, listeners) -> AsyncIterator[tuple[Gate, Gate]]:
    """Two routers' ports: behind each its own process of appointments, and the same one of every other subgraph."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for name in NAMES:
            own = House(house.settings, house.components)
            await stack.enter_async_context(serving(subgraph_component(own, name), listeners[name]))
        second = stack.enter_context(listener())
        own = House(house.settings, house.components)
        await stack.enter_async_context(serving(subgraph_component(own, "appointments"), second))
        other = house.components.model_copy(update={"appointments_url": _url(second)})
        gates = []
        for components, at in ((house.components, listeners["router"]), (other, stack.enter_context(listener()))):
            app = router_component(house.settings, components, RouterSettings())
            await stack.enter_async_context(serving(app, at))
            gates.append(Gate(_url(at), session))
        yield gates[0], gates[1]


def _url(at) -> str:
    host, port = at.getsockname()
    return f"http://{host}:{port}"


async def test_a_change_through_one_is_told_through_the_other_and_gone_on_with_there(gates, house: House):
    one, other = gates
    doctor, _ = await hired(one, house)
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "huzaifa@example.com", "password": PASSWORD}
    assert (await one.ask(PATIENT, input=given)).data["registerPatient"]["errors"] == []
    patient = await sign_in(one, "huzaifa@example.com")
    slots = iter(await slots_of(one, doctor))

    async def booked() -> tuple[str, float]:
        """Through the other router; when it was answered."""
        made = (await other.ask(BOOK, patient, doctor=doctor, slot=next(slots))).data["bookAppointment"]
        assert made["errors"] == []
        return made["appointment"]["id"], time.monotonic()

    waits = []
    async with listening_to(one.url, patient) as changes:
        assert (await _first(changes, booked))["status"] == "PENDING"
        for _ in range(TIMES):
            id, answered_at = await booked()
            change = await changes.next()
            waits.append(time.monotonic() - answered_at)
            assert change["appointment"]["id"] == id
    missed = [(await booked())[0] for _ in range(3)]
    async with listening_to(other.url, patient, after=change["cursor"]) as changes:
        assert [(await changes.next())["appointment"]["id"] for _ in missed] == missed
    assert median(waits) < TOLD_WITHIN_SECONDS
    assert max(waits) < TOLD_WITHIN_SECONDS * ON_A_BUSY_MACHINE


async def _first(changes, booked):
    """The first change that is heard: nothing tells when a subscription has begun."""
    while True:
        await booked()
        try:
            return await changes.next(1)
        except TimeoutError:
            continue
