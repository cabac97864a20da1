"""What Prometheus is told of a hospital in one process."""

import asyncio

import pytest
from websockets.asyncio.client import connect

from hospital.mailbox.durable import DurableMailbox
from router.entrypoints import metrics
from subgraphs.kernel.mail import Mail
from tests.e2e.hospital import PASSWORD, Hospital
from tests.e2e.sockets import PROTOCOL
from tests.scrape import Scrape

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
def measured_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MEASURED_EVERY_SECONDS", 0.0)


async def scrape(hospital: Hospital) -> Scrape:
    answer = await hospital.get("/metrics")
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    return Scrape.of(answer.text)


async def test_requests_are_timed_by_kind_and_outcome(hospital: Hospital):
    before = await scrape(hospital)
    await hospital.ask("{ __typename }")
    await hospital.ask("{ patients(first: 1) { nodes { id } } }")
    await hospital.ask("{ nothingOfTheKind }")
    await hospital.ask_to("signIn", None, "session { accessToken }", email="nobody@example.com", password=PASSWORD)
    after, name = await scrape(hospital), "hospital_request_seconds_count"
    for kind, outcome in (("query", "ok"), ("query", "errors"), ("none", "refused"), ("mutation", "ok")):
        assert after(name, kind=kind, outcome=outcome) == before(name, kind=kind, outcome=outcome) + 1, (kind, outcome)
    assert after("hospital_request_seconds_sum") > before("hospital_request_seconds_sum")


async def test_fetches_are_timed_by_subgraph_and_so_are_their_operations(hospital: Hospital):
    before = await scrape(hospital)
    await hospital.data("{ doctors(first: 1) { nodes { id } } }")
    after = await scrape(hospital)
    for name in ("hospital_fetch_seconds_count", "hospital_operation_seconds_count"):
        assert after(name, subgraph="doctors", outcome="ok") == before(name, subgraph="doctors", outcome="ok") + 1
        assert after(name, subgraph="billing") == before(name, subgraph="billing")


async def test_open_subscriptions_are_counted_while_they_are_open(hospital: Hospital):
    url = hospital.url.replace("http", "ws", 1)
    async with connect(f"{url}/graphql", subprotocols=[PROTOCOL]) as socket:
        await socket.send(f'{{"type": "connection_init", "payload": {{"Authorization": "{hospital.admin}"}}}}')
        await socket.recv()
        before = (await scrape(hospital))("hospital_subscriptions")
        query = "subscription { appointmentStatusChanged { cursor } }"
        await socket.send(f'{{"id": "1", "type": "subscribe", "payload": {{"query": "{query}"}}}}')
        await socket.send('{"type": "ping"}')
        await socket.recv()
        assert (await scrape(hospital))("hospital_subscriptions") == before + 1
    for _ in range(100):
        if (await scrape(hospital))("hospital_subscriptions") == before:
            return
    raise AssertionError("it is still counted")


async def test_what_waits_is_told_and_then_that_nothing_does(hospital: Hospital):
    feeds = {feed.topic: feed for feed in hospital.runtime.delivery.feeds}
    position = {source.topic: source for source in hospital.runtime.delivery.sources}["hospital.patients"]
    await hospital.patient()
    await hospital.patient()
    await hospital.all_sent()
    quiet = await scrape(hospital)
    assert {name for name in quiet.names if quiet(name)} & {"hospital_outbox_waiting", "hospital_consumer_lag"} == set()
    reached = position._position
    position._position = reached - 2  # as if it had yet to read the last two
    try:
        behind = await scrape(hospital)
    finally:
        position._position = reached
    assert await feeds["hospital.patients"].end() == reached
    assert behind("hospital_outbox_waiting", domain="patients") == 2
    assert behind("hospital_outbox_oldest_seconds", domain="patients") > 0
    assert behind("hospital_consumer_lag", consumer=position.subscriber.consumer, topic="hospital.patients") == 2
    assert behind("hospital_consumer_lag") == 2


async def test_mail_that_waits_is_told_with_its_age(hospital: Hospital, monkeypatch: pytest.MonkeyPatch):
    mailbox, is_open = hospital.runtime.domains.mailbox, asyncio.Event()
    await hospital.all_sent()
    put = type(mailbox).put

    async def put_later(self: DurableMailbox, mail: Mail) -> None:
        await is_open.wait()
        await put(self, mail)

    monkeypatch.setattr(DurableMailbox, "put", put_later)
    patient, doctor = await hospital.patient(), await hospital.doctor()
    await hospital.booked(patient, doctor, (await hospital.slots(doctor))[0])
    await hospital.runtime.delivery.settled()
    waits = await scrape(hospital)
    is_open.set()
    await hospital.all_sent()
    gone = await scrape(hospital)
    assert (waits("hospital_mail_waiting", channel="EMAIL") > 0, gone("hospital_mail_waiting")) == (True, 0)
    assert (waits("hospital_mail_oldest_seconds", channel="EMAIL") > 0, gone("hospital_mail_oldest_seconds")) == (
        True,
        0,
    )


async def test_pools_tell_how_many_connections_are_used(hospital: Hospital):
    used, wanted = "hospital_pool_connections_used", {"domain": "billing", "pool": "reader"}
    before = await scrape(hospital)
    async with hospital.runtime.domains.billing.base.database.reading() as session:
        await session.connection()
        held = await scrape(hospital)
    assert (before(used, **wanted), held(used, **wanted)) == (0, 1)
    assert held("hospital_pool_connections_limit", **wanted) == 4
