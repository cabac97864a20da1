"""The supergraph is a standard one: other people's gateways stand in front of the same components, and answer the same.

Every operation of GraphiQL's tabs and of the README is asked through each. Queries are asked of our router right after,
over the same data; mutations are lived in a hospital of its own through each, and compared but for what changes.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.hospital import Gate, open_hospital
from tests.gateways.life import Life, lived
from tests.gateways.serving import components_of, gateway, our_router

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("gateways"),
    pytest.mark.usefixtures("equipped"),
]

SUBSCRIBES = {"hive"}
"""Apollo's has none in npm (its router, which is none of npm's, has): what watches there asks the hospital's own."""


@asynccontextmanager
async def life_before(folder: Path, name: str | None) -> AsyncIterator[Life]:
    """In a new hospital; through that gateway, or through our router alone."""
    async with AsyncExitStack() as stack:
        hospital = await stack.enter_async_context(open_hospital(folder / "data"))
        components = await stack.enter_async_context(components_of(hospital.runtime, folder / "callers.json"))
        router = Gate(await stack.enter_async_context(our_router(hospital.runtime, components)), hospital.session)
        if name is None:
            yield Life(hospital, router)
            return
        gate = Gate(await stack.enter_async_context(gateway(name, components, folder)), hospital.session)
        yield Life(replace(hospital, url=gate.url) if name in SUBSCRIBES else hospital, gate, router)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(equipped: None, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Lived through our router."""
    async with life_before(tmp_path_factory.mktemp("ours"), None) as life:
        await lived(life)
        return life


@pytest.mark.parametrize("name", ["apollo", "hive"])
async def test_a_standard_gateway_answers_the_whole_story_as_our_router_does(name: str, ours: Life, tmp_path: Path):
    async with life_before(tmp_path, name) as life:
        await lived(life)
    assert life.mutations == ours.mutations
    assert {"myCare", "frontDesk", "audit", "notifications"} <= set(life.queries)
