"""Several processes of audit over one database and one file of heads: one chain, each event once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.audit.app import AuditDomain, build
from subgraphs.audit.heads import SignedHead
from subgraphs.audit.rules import Mark
from subgraphs.audit.tables import CHECKPOINT, ChainMarkRow
from subgraphs.kernel.events import Actor

DENIED = {"type": "access.denied", "action": "EXECUTE", "outcome": "DENIED", "reason": "patient", "resourceid": "p1"}


@pytest.fixture
def processes(audit, heads, another_process) -> list[AuditDomain]:
    return [audit, *(build(another_process(audit.base), heads) for _ in range(2))]


@pytest.fixture
def receivers(processes) -> list[Callable]:
    return [each.subscribers[0].receive for each in processes]


async def test_three_consumers_make_one_chain(receivers, message, trail, audit):
    """Each hears other events in an order of its own, and some hear the same: as when partitions change hands."""
    messages = [message() for _ in range(45)]
    heard = [messages, messages[::-1], messages[20:]]
    lots = [
        (receive, some[at : at + 5]) for receive, some in zip(receivers, heard, strict=True) for at in range(0, 45, 5)
    ]
    await asyncio.gather(*(receive(lot) for receive, lot in lots))
    rows = await trail()
    assert [row.sequence for row in rows] == list(range(1, 46))
    assert {row.id for row in rows} == {one.id for one in messages}
    assert (await audit.service.verify_all()).problems == ()


async def test_the_first_events_of_all_at_once_begin_one_chain(receivers, message, trail, audit):
    await asyncio.gather(*(receive([message()]) for receive in receivers))
    assert [row.sequence for row in await trail()] == [1, 2, 3]
    assert (await audit.service.verify_all()).problems == ()


async def test_equal_denials_that_come_at_once_are_one_event(receivers, message, trail):
    desk = Actor("desk-1", "desk@hospital.test", "RECEPTIONIST")
    await asyncio.gather(*(receive([message(desk, **DENIED)]) for receive in receivers for _ in range(3)))
    assert len(await trail()) == 1


@pytest.fixture
def all_look_first(monkeypatch, processes):
    """Who wants to lock a row that is not there waits, for a moment at the most, until everybody has found that."""
    get, looked, everybody = AsyncSession.get, [], asyncio.Event()

    async def found(session, *given, **options):
        row = await get(session, *given, **options)
        if row is None and options.get("with_for_update"):
            looked.append(session)
            if len(looked) == len(processes):
                everybody.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(everybody.wait(), 0.5)
        return row

    monkeypatch.setattr(AsyncSession, "get", found)


@pytest.mark.usefixtures("all_look_first")
async def test_the_first_checkpoint_is_written_by_all_at_once(processes, tell_all, message, auditor, tokens):
    await tell_all(message() for _ in range(12))
    auditing = await tokens.principal(auditor)
    services = [replace(each.service, recheck=2) for each in processes]
    states = await asyncio.gather(*(service.chain(auditing) for service in services))
    assert {(state.head.sequence, state.first_broken) for state in states} == {(12, None)}
    async with processes[0].base.database.reading() as session:
        [kept] = await session.exec(select(ChainMarkRow).where(ChainMarkRow.name == CHECKPOINT))
    assert kept.sequence == 10


async def test_heads_that_are_signed_at_once_are_one_line(processes, tell, heads):
    for length in range(1, 6):
        await tell()
        await asyncio.gather(*(each.service.sign_head() for each in processes))
        assert [head.mark.sequence for head in heads.all()] == list(range(1, length + 1))


async def test_no_head_is_lost_that_another_writes_at_the_same_moment(heads):
    barrier = Barrier(4)

    def sign(place: int) -> None:
        for turn in range(20):
            barrier.wait()
            heads.append(SignedHead(Mark(turn * 4 + place, "f" * 64), "2026-03-02T06:00:00Z"))

    await asyncio.gather(*(asyncio.to_thread(sign, place) for place in range(1, 5)))
    signed = [head.mark.sequence for head in heads.all() if isinstance(head, SignedHead)]
    assert len(signed) == len(heads.all())
    assert signed == sorted(set(signed))
    assert {turn * 4 + 4 for turn in range(20)} <= set(signed)
