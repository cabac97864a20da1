"""What a domain says of its outbox to another that may not have been told yet."""

from datetime import timedelta

import orjson

from subgraphs.kernel import announced
from subgraphs.kernel.announced import LATE_AT_MOST, Announced
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


async def told(base) -> list[str]:
    found = await Announced(base.database, base.clock, ("thing.noted", "thing.made")).recently()
    return [orjson.loads(body)["id"] for body in found]


async def test_what_waits_and_what_was_published_of_late_is_told_in_order(base):
    await written(base, "long ago", published_ago=LATE_AT_MOST * 2)
    await written(base, "just now", published_ago=LATE_AT_MOST / 2)
    await written(base, "waits")
    await written(base, "no matter", type="thing.seen")
    await written(base, "also waits", type="thing.made")
    assert await told(base) == ["just now", "waits", "also waits"]


async def test_of_many_the_newest_are_told(base, monkeypatch):
    monkeypatch.setattr(announced, "TOGETHER_AT_MOST", 2)
    for id in ("one", "two", "three"):
        await written(base, id)
    assert await told(base) == ["two", "three"]
