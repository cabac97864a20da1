"""A relay that has more than one lot to put out: one is on its way while the next is read and the last is marked."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import asynccontextmanager

import orjson
import pytest
from sqlmodel import select

from subgraphs.kernel.tables import OutboxRow
from tests.workers.test_relay import Broker, relay_of, until_all_is_out, waiting
from workers import relay
from workers.pauses import BackOff

BEDS, TURNS = 8, 6


@pytest.fixture(autouse=True)
def small_lots(monkeypatch) -> None:
    monkeypatch.setattr(relay, "_LOT", 5)


async def announced(wards) -> None:
    for turn in range(TURNS):
        for bed in range(BEDS):
            await wards.announce(f"bed {bed}", turn)


async def marked(wards) -> set[tuple[str, int]]:
    """The beds and turns."""
    async with wards.database.reading() as session:
        bodies = (await session.exec(select(OutboxRow.body).where(OutboxRow.published_at.is_not(None)))).all()
    return {(event["subject"], event["data"]["turn"]) for event in map(orjson.loads, bodies)}


async def test_one_turn_puts_all_lots_out_once_and_in_order(wards):
    await announced(wards)
    broker = Broker()
    await relay_of(wards, broker).turn()
    assert broker.taken == [("hospital.wards", f"bed {bed}", turn) for turn in range(TURNS) for bed in range(BEDS)]
    assert await waiting(wards) == 0


class RefusesOnce(Broker):
    """What it is told to refuse, in one lot alone."""

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> list[BaseException | None]:
        hindered = await super().publish(topic, messages)
        if any(hindered):
            self.refused = set()
        return hindered


@pytest.mark.parametrize("bed", ["bed 1", "bed 6"])
async def test_a_hindered_row_stops_its_shard_over_all_lots_until_it_has_gone(wards, bed):
    await announced(wards)
    broker = RefusesOnce()
    broker.refused = {bed}
    one = relay_of(wards, broker)
    one._back_offs = defaultdict(lambda: BackOff(60, 60))
    for _ in range(3):
        await one.turn()
    assert bed not in broker.turns()
    assert bed not in {other for other, _ in await marked(wards)}
    one._stopped_until.clear()
    await until_all_is_out(wards, one)
    assert broker.turns() == {f"bed {bed}": list(range(TURNS)) for bed in range(BEDS)}


class Slow(Broker):
    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> list[BaseException | None]:
        await asyncio.sleep(0.2)
        return await super().publish(topic, messages)


@pytest.mark.parametrize("at", [2, 3, 4])
@pytest.mark.parametrize("what", ["reading", "transaction"])
async def test_a_database_that_fails_in_the_middle_loses_nothing(wards, monkeypatch, what, at):
    await announced(wards)
    broker, works, used = Slow(), getattr(wards.database, what), []

    async def fails(work):
        used.append(work)
        if len(used) == at:
            raise ConnectionError("gone")
        return await works(work)

    @asynccontextmanager
    async def fails_to_read():
        used.append(None)
        if len(used) == at:
            await asyncio.sleep(0.1)
            raise ConnectionError("gone")
        async with works() as session:
            yield session

    one = relay_of(wards, broker)
    with monkeypatch.context() as failing:
        failing.setattr(wards.database, what, fails if what == "transaction" else fails_to_read)
        with pytest.raises(ExceptionGroup):
            await one.turn()
    assert await marked(wards) <= {(bed, turn) for _, bed, turn in broker.taken}
    assert await waiting(wards) > 0
    await until_all_is_out(wards, one)
    assert broker.turns() == {f"bed {bed}": list(range(TURNS)) for bed in range(BEDS)}
