"""What a domain says of its outbox to another that may not have been told yet."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from subgraphs.kernel import announced
from subgraphs.kernel.announced import LATE_AT_MOST, TOGETHER_AT_MOST, Announced, Recent
from subgraphs.kernel.calls import of_announced
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.peers import RemoteAnnouncements
from subgraphs.kernel.tables import OutboxRow


async def written(base, id: str, *, type: str = "thing.noted", published_ago: timedelta | None = None) -> None:
    now = base.clock.now()

    async def work(session) -> None:
        published_at = None if published_ago is None else now - published_ago
        row = OutboxRow(
            event_id=id, shard=0, type=type, body=f'{{"id":"{id}"}}', recorded_at=now, published_at=published_at
        )
        session.add(row)

    await base.database.transaction(work)


def announced_by(base) -> Announced:
    return Announced(base.database, base.clock, ("thing.noted", "thing.made"))


async def told(base) -> list[str]:
    found = await announced_by(base).recently()
    return [orjson.loads(body)["id"] for body in found.bodies]


async def test_what_waits_and_what_was_published_of_late_is_told_in_order(base):
    await written(base, "long ago", published_ago=LATE_AT_MOST * 2)
    await written(base, "just now", published_ago=LATE_AT_MOST / 2)
    await written(base, "waits")
    await written(base, "no matter", type="thing.seen")
    await written(base, "also waits", type="thing.made")
    assert await told(base) == ["just now", "waits", "also waits"]


async def test_of_many_the_newest_are_told(base, monkeypatch):
    monkeypatch.setattr(announced, "TOGETHER_AT_MOST", 2)
    cut = []
    for id in ("one", "two", "three"):
        await written(base, id)
        cut.append((await announced_by(base).recently()).is_cut)
    assert (await told(base), cut) == (["two", "three"], [False, False, True])


class Owner:
    """A domain that is asked over the network."""

    def __init__(self, recent: Recent) -> None:
        async def recently() -> Recent:
            return recent

        self._announced = of_announced(recently)["announced"]

    async def call(self, what: str, arguments: dict) -> object:
        return await self._announced(arguments)


class OwnerOfTheReleaseBefore(Owner):
    async def call(self, what: str, arguments: dict) -> object:
        return await super().call(what, {})


BODY = (
    Envelope("1", "hospital.things", "t", 1, "k", datetime(2026, 1, 1, tzinfo=UTC), Actor(), {}, {}).to_json().decode()
)


@pytest.mark.parametrize("is_cut", [False, True])
async def test_who_asks_is_told_whether_that_is_all(is_cut):
    told = await RemoteAnnouncements(Owner(Recent([BODY], is_cut)))()
    assert ([event.id for event in told.events], told.is_whole) == (["1"], not is_cut)


@pytest.mark.parametrize("many", [TOGETHER_AT_MOST - 1, TOGETHER_AT_MOST])
async def test_of_an_owner_that_does_not_say_so_as_many_as_it_gives_at_most_are_not_all(many):
    told = await RemoteAnnouncements(OwnerOfTheReleaseBefore(Recent([BODY] * many, False)))()
    assert (len(told.events), told.is_whole) == (many, many < TOGETHER_AT_MOST)
