"""Relays over one outbox: everything once marked, in order within a shard, whoever dies."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import orjson
import pytest
from sqlmodel import select

from subgraphs.kernel.database import Database
from subgraphs.kernel.events import SHARDS
from subgraphs.kernel.tables import OutboxRow, RelayLeaseRow, RelayRow
from workers.leases import LEASE, Leases
from workers.relay import Relay


class Broker:
    """Takes messages as Kafka would, and refuses what it is told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, int]] = []
        self.refused: set[str] = set()
        self.down = False

    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> list[BaseException | None]:
        await asyncio.sleep(0)
        return [self._take(topic, key.decode(), body) for key, body in messages]

    def _take(self, topic: str, key: str, body: bytes) -> BaseException | None:
        if self.down or key in self.refused:
            return ConnectionError("no broker")
        self.taken.append((topic, key, orjson.loads(body)["data"]["turn"]))
        return None

    def turns(self) -> dict[str, list[int]]:
        """By key, each turn where it came first."""
        found: dict[str, list[int]] = defaultdict(list)
        for _, key, turn in self.taken:
            if turn not in found[key]:
                found[key].append(turn)
        return found


@pytest.fixture
def broker() -> Broker:
    return Broker()


def relay_of(wards, broker: Broker, name: str = "one") -> Relay:
    return Relay("wards", wards.database, wards.outbox.clock, broker, name)


async def waiting(wards) -> int:
    async with wards.database.reading() as session:
        rows = (await session.exec(select(OutboxRow.published_at))).all()
    return sum(at is None for at in rows)


async def test_what_waits_goes_out_with_its_key_and_is_marked(wards, broker):
    for turn in range(3):
        await wards.announce("bed 1", turn)
    assert await relay_of(wards, broker).turn() is False
    assert broker.taken == [("hospital.wards", "bed 1", turn) for turn in range(3)]
    assert await waiting(wards) == 0
    await relay_of(wards, broker, "one").turn()
    assert len(broker.taken) == 3


async def test_while_the_broker_is_gone_everything_waits_and_goes_out_in_order_afterwards(wards, broker):
    relay = relay_of(wards, broker)
    broker.down = True
    for turn in range(5):
        await wards.announce("bed 1", turn)
        await relay.turn()
    assert (broker.taken, await waiting(wards)) == ([], 5)
    broker.down = False
    await until_all_is_out(wards, relay)
    assert broker.turns() == {"bed 1": [0, 1, 2, 3, 4]}


async def test_a_row_that_cannot_go_stops_its_shard_alone_and_until_it_can(wards, broker):
    relay = relay_of(wards, broker)
    broker.refused = {"bed 1"}
    for turn in range(3):
        for bed in range(40):
            await wards.announce(f"bed {bed}", turn)
    for _ in range(3):
        await relay.turn()
    stopped = {f"bed {bed}" for bed in range(40)} - {key for key, turns in broker.turns().items() if turns == [0, 1, 2]}
    assert "bed 1" in stopped
    async with wards.database.reading() as session:
        shards = {row.shard for row in (await session.exec(select(OutboxRow))).all() if row.published_at is None}
    assert len(shards) == 1
    broker.refused = set()
    await until_all_is_out(wards, relay)
    assert broker.turns() == {f"bed {bed}": [0, 1, 2] for bed in range(40)}


async def test_relays_that_do_not_know_each_other_share_the_shards(wards, broker):
    clock = wards.outbox.clock
    leases = [Leases(wards.database, clock, name) for name in ("one", "two", "three")]
    assert len(await leases[0].renew()) == SHARDS
    assert await leases[1].renew() == frozenset()
    held = [await each.renew() for each in leases for _ in range(1)]
    held = [await each.renew() for each in leases]
    assert sorted(shard for shards in held for shard in shards) == list(range(SHARDS))
    assert {len(shards) for shards in held} <= {4, 5, 6}


async def test_two_that_begin_at_once_hold_no_shard_both(wards):
    other = Database(wards.database.url.render_as_string(hide_password=False))
    leases = [Leases(wards.database, wards.outbox.clock, "one"), Leases(other, wards.outbox.clock, "two")]
    for pause in (0, 0, 11, 11, 11, 0, 0):  # past the end of a lease, each wants all that the other held
        wards.outbox.clock.move(seconds=pause)
        held = await asyncio.gather(*(each.renew() for each in leases))
        assert held[0].isdisjoint(held[1])
    assert [len(shards) for shards in held] == [SHARDS / 2, SHARDS / 2]
    await other.close()


async def test_what_a_dead_relay_held_is_taken_over_when_its_lease_has_ended(wards):
    clock = wards.outbox.clock
    dead, living = (Leases(wards.database, clock, name) for name in ("dead", "living"))
    await dead.renew()
    assert await living.renew() == frozenset()
    clock.move(seconds=LEASE.total_seconds() + 1)
    assert len(await living.renew()) == SHARDS


async def test_one_that_stops_lets_go_at_once(wards):
    clock = wards.outbox.clock
    leaving, staying = (Leases(wards.database, clock, name) for name in ("leaving", "staying"))
    await leaving.renew()
    await leaving.give_back()
    assert len(await staying.renew()) == SHARDS
    async with wards.database.reading() as session:
        assert {row.holder for row in (await session.exec(select(RelayLeaseRow))).all()} == {"staying"}


async def test_what_a_relay_held_whose_clock_was_ahead_is_free_when_that_is_put_right(wards):
    clock = wards.outbox.clock
    ahead, other = (Leases(wards.database, clock, name) for name in ("ahead", "other"))
    clock.move(hours=1)
    await ahead.renew()
    clock.move(hours=-1)
    assert len(await other.renew()) == SHARDS
    await other.give_back()
    async with wards.database.reading() as session:
        assert (await session.exec(select(RelayRow))).all() == []


async def test_a_shard_that_nobody_holds_is_free_whatever_time_it_was_let_go_at(wards):
    clock = wards.outbox.clock
    leaving, other = (Leases(wards.database, clock, name) for name in ("leaving", "other"))
    clock.move(seconds=15)
    await leaving.renew()
    await leaving.give_back()
    clock.move(seconds=-15)
    assert len(await other.renew()) == SHARDS


async def test_two_relays_and_a_killed_third_lose_nothing_and_keep_the_order_of_a_key(wards, broker):
    killed = asyncio.create_task(relay_of(wards, broker, "killed").run())
    relays = [relay_of(wards, broker, name) for name in ("one", "two")]
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    for turn in range(30):
        for bed in range(8):
            await wards.announce(f"bed {bed}", turn)
        if turn == 10:
            killed.cancel()
            wards.outbox.clock.move(seconds=LEASE.total_seconds() + 1)
        await asyncio.sleep(0.01)
    for relay in relays:
        relay._renew_at = 0.0
    for _ in range(200):
        if await waiting(wards) == 0:
            break
        await asyncio.sleep(0.05)
    for relay in relays:
        relay.stop()
    await asyncio.gather(*tasks)
    assert await waiting(wards) == 0
    assert broker.turns() == {f"bed {bed}": list(range(30)) for bed in range(8)}


async def until_all_is_out(wards, relay: Relay) -> None:
    for _ in range(100):
        await relay.turn()
        if await waiting(wards) == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("something is left")
