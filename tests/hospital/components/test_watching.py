"""What components tell Prometheus, each at its own port."""

import socket

import aiohttp
import pytest

from hospital.components.building import House
from hospital.components.worker_port import answering
from hospital.components.workers import WORKERS, worker
from hospital.names import NAMES
from router.entrypoints import metrics
from tests.e2e.hospital import Gate
from tests.hospital.components.conftest import listener
from tests.hospital.components.test_components import hired
from tests.scrape import Scrape


@pytest.fixture(autouse=True)
def measured_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MEASURED_EVERY_SECONDS", 0.0)


async def scraped(session: aiohttp.ClientSession, url: str) -> Scrape:
    async with session.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        return Scrape.of(await answer.text())


async def test_each_subgraph_tells_what_waits_in_its_outbox_to_whoever_asks(gate: Gate, house: House):
    await hired(gate, house)
    for name in NAMES:
        found = await scraped(gate.session, house.components.url(name))
        assert found("hospital_unmeasured") == 0
        assert {dict(labels).get("domain") for each, labels in found.values if each.startswith("hospital_outbox")} == {
            name
        }
        assert found("hospital_pool_connections_limit", domain=name, pool="writer") >= 1
        assert ("hospital_mail_waiting" in found.names) == (name == "notifications")
        if name == "doctors":  # nobody publishes here: the department and the doctor wait
            assert found("hospital_outbox_waiting", domain=name) >= 2
            assert found("hospital_outbox_oldest_seconds", domain=name) > 0
    router = await scraped(gate.session, gate.url)
    assert router("hospital_fetch_seconds_count", subgraph="doctors", outcome="ok") >= 1


@pytest.mark.parametrize("name", WORKERS)
async def test_a_worker_answers_at_its_port_until_it_ends(house: House, name: str):
    made, at = worker(House(house.settings, house.components), name, None), listener()
    url = "http://{}:{}".format(*at.getsockname())
    async with aiohttp.ClientSession() as session:
        async with answering(made, at):
            for path in ("/healthz", "/readyz"):
                async with session.get(url + path) as answer:
                    assert answer.status == 200, path
            async with session.post(f"{url}/graphql") as answer:
                assert answer.status == 404
            found = await scraped(session, url)
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"{url}/healthz")
    assert found("hospital_unmeasured") == 0
    assert ("hospital_outbox_waiting" in found.names) == (name == "relay")
    assert ("hospital_consumer_lag" in found.names) == (name in {"copies", "audit-trail"})
    assert ("hospital_mail_waiting" in found.names) == (name in {"email", "sms"})
    for close in made.closing:
        await close()


async def test_a_worker_whose_database_is_away_is_not_ready_and_lives(house: House):
    made, at = worker(House(house.settings, house.components), "email", None), listener()
    url = "http://{}:{}".format(*at.getsockname())
    await made.databases["notifications"].close()
    house.settings.data.joinpath("notifications.db").rename(house.settings.data / "away.db")
    house.settings.data.joinpath("notifications.db").mkdir()
    async with aiohttp.ClientSession() as session, answering(made, at):
        for path, status in (("/readyz", 503), ("/healthz", 200)):
            async with session.get(url + path) as answer:
                assert answer.status == status, path
        assert (await scraped(session, url))("hospital_unmeasured") == 1
    for close in made.closing:
        await close()


def test_a_port_that_is_taken_is_said_in_a_line(listeners: dict[str, socket.socket], command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, _, error = command("worker", "email", "--port", str(taken.getsockname()[1]))
    assert (status, error.startswith("Port "), len(error.splitlines())) == (78, True, 1)
