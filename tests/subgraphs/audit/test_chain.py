import asyncio

import pytest
from sqlmodel import col, select

from subgraphs.audit import rules
from subgraphs.audit.app import build
from subgraphs.audit.heads import BadHead, HeadsFile
from subgraphs.audit.rules import chained_hash, printed
from subgraphs.audit.service import ChainBroken
from subgraphs.audit.tables import CHECKPOINT, AuditEventRow, ChainMarkRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.principal import Principal, RoleName
from tests.subgraphs.audit.conftest import KEY

COLUMNS = AuditEventRow.__table__.columns.keys()


@pytest.fixture
async def six(tell_all, message) -> None:
    """A trail of six events."""
    actor = Actor("a", "a@hospital.test", "ADMIN")
    await tell_all(message(actor, resourceid=f"r{turn}", patientid=f"p{turn}", reason="as asked") for turn in range(6))


def tampered(column: str) -> str:
    """Another value that the column takes."""
    return {
        "sequence": "60",
        "action": "'DELETE'",
        "outcome": "'DENIED'",
        "actor_role": "'DOCTOR'",
        "occurred_at": "'2026-03-02 06:00:00.000001'",
        "recorded_at": "'2026-03-02 06:00:00.000001'",
        "hash": f"'{'f' * 64}'",
        "previous_hash": f"'{'f' * 64}'",
    }.get(column, "'another'")


async def broken(audit, chain) -> set[int | None]:
    """What the two checks name."""
    whole = await audit.service.verify_all()
    quick = await chain()
    assert whole.intact is (whole.first_broken is None)
    assert quick["intact"] is (quick["firstBrokenSequence"] is None)
    return {whole.first_broken, quick["firstBrokenSequence"]}


async def test_an_untouched_chain_is_intact(audit, six, chain, trail):
    assert await broken(audit, chain) == {None}
    assert await chain() == {
        "length": 6,
        "headHash": (await trail())[-1].hash,
        "intact": True,
        "firstBrokenSequence": None,
    }


async def test_an_empty_chain_is_intact(audit, chain):
    assert await chain() == {"length": 0, "headHash": "0" * 64, "intact": True, "firstBrokenSequence": None}
    assert await audit.service.sign_head() is None
    assert (await audit.service.verify_all()).intact


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_change_of_any_column_of_any_row_is_found(audit, six, chain, tamper, column):
    await tamper("CREATE TABLE kept AS SELECT * FROM audit_events")
    for sequence in range(1, 7):
        await tamper(f"UPDATE audit_events SET {column} = {tampered(column)} WHERE sequence = {sequence}")  # noqa: S608
        assert await broken(audit, chain) == {sequence}
        await tamper("DELETE FROM audit_events")
        await tamper("INSERT INTO audit_events SELECT * FROM kept")
    assert await broken(audit, chain) == {None}


@pytest.mark.parametrize("column", ["resource_id", "patient_id", "actor_id", "actor_name", "actor_role", "reason"])
async def test_a_value_that_was_taken_away_is_found(audit, six, chain, tamper, column):
    await tamper(f"UPDATE audit_events SET {column} = NULL WHERE sequence = 2")  # noqa: S608
    assert await broken(audit, chain) == {2}


@pytest.mark.sqlite  # another database takes no such value
@pytest.mark.parametrize(
    "value", ["occurred_at = 'never'", "occurred_at = 17", "reason = x'00ff'", "reason = CAST(x'ff' AS TEXT)"]
)
@pytest.mark.parametrize("sequence", [1, 4, 6])
async def test_a_value_that_cannot_be_read_is_found(audit, six, chain, tamper, value, sequence):
    await tamper(f"UPDATE audit_events SET {value} WHERE sequence = {sequence}")  # noqa: S608
    assert await broken(audit, chain) == {sequence}


@pytest.mark.parametrize("sequences", [[1], [3], [6], [5, 6], [1, 2, 3, 4, 5, 6]], ids=str)
async def test_a_row_that_was_deleted_is_found(audit, six, chain, tamper, sequences):
    for sequence in sequences:
        await tamper("DELETE FROM audit_events WHERE sequence = :sequence", sequence=sequence)
    assert await broken(audit, chain) == {sequences[0]}


async def test_rows_that_changed_places_are_found(audit, six, chain, tamper):
    for old, new in ((2, 70), (3, 2), (70, 3)):
        await tamper("UPDATE audit_events SET sequence = :new WHERE sequence = :old", old=old, new=new)
    assert await broken(audit, chain) == {2}


async def test_a_row_that_was_added_is_found(audit, six, chain, tamper, trail):
    last = (await trail())[-1]
    added = AuditEventRow(**last.model_dump() | {"sequence": 7, "id": "added", "previous_hash": last.hash})
    added.hash = chained_hash(last.hash, printed(added))

    async def add(session) -> None:
        session.add(added)

    await audit.base.database.transaction(add)
    assert await broken(audit, chain) == {7}


@pytest.mark.parametrize(("change", "named"), [("hash = 'f'", 6), ("sequence = 5", 5), ("sequence = 7", 7)])
async def test_a_head_that_was_changed_is_found(audit, six, chain, tamper, change, named):
    await tamper(f"UPDATE chain_marks SET {change} WHERE name = 'head'")  # noqa: S608
    assert await broken(audit, chain) == {named}


async def rewrite(audit, start: int, *, end: int) -> None:
    """Forges the chain well: every hash and the head fit again."""

    async def work(session) -> None:
        rows = (await session.exec(select(AuditEventRow).order_by(col(AuditEventRow.sequence)))).all()
        for row in rows[start - 1 :]:
            row.reason = "never happened"
            row.previous_hash = rows[row.sequence - 2].hash if row.sequence > 1 else "0" * 64
            row.hash = chained_hash(row.previous_hash, printed(row))
        for row in rows[end:]:
            await session.delete(row)
        head = await session.get(ChainMarkRow, "head")
        head.sequence, head.hash = end, rows[end - 1].hash

    await audit.base.database.transaction(work)


async def test_a_chain_that_was_rewritten_well_contradicts_the_signed_heads(audit, six, chain, tell):
    assert (await audit.service.sign_head()).mark.sequence == 6
    await tell()
    await rewrite(audit, 3, end=7)
    assert (await chain())["intact"]
    verification = await audit.service.verify_all()
    assert (verification.first_broken, verification.signed_heads, verification.signed_up_to) == (6, 1, 6)
    assert verification.problems


async def test_an_end_that_was_cut_off_well_contradicts_the_signed_heads(audit, six, chain):
    await audit.service.sign_head()
    await rewrite(audit, 5, end=4)
    assert (await chain())["intact"]
    verification = await audit.service.verify_all()
    assert verification.first_broken == 5
    [problem] = verification.problems
    assert problem.startswith("The trail ends at event 4, but event 6 was signed: events were taken away, or a backup")
    with pytest.raises(ChainBroken, match="ends at event 4, but event 6 was signed"):
        await audit.service.sign_head()


async def test_the_whole_trail_taken_away_contradicts_the_signed_heads(audit, six, tamper):
    await audit.service.sign_head()
    await tamper("DELETE FROM audit_events")
    await tamper("DELETE FROM chain_marks")
    assert (await audit.service.verify_all()).first_broken == 1


async def test_heads_are_signed_as_the_chain_grows_and_only_then(audit, six, tell, heads):
    await audit.service.sign_head()
    await audit.service.sign_head()
    await tell()
    await audit.service.sign_head()
    assert [head.mark.sequence for head in heads.all()] == [6, 7]
    verification = await audit.service.verify_all()
    assert (verification.intact, verification.signed_heads, verification.signed_up_to) == (True, 2, 7)


async def test_what_does_not_hold_is_not_signed(audit, six, tell, tamper, heads):
    await audit.service.sign_head()
    for _ in range(3):
        await tell()
    await tamper("UPDATE audit_events SET reason = 'another' WHERE sequence = 8")
    with pytest.raises(ChainBroken, match="event 8"):
        await audit.service.sign_head()
    assert len(heads.all()) == 1


async def test_a_trail_that_was_exchanged_whole_is_not_signed(audit, six, tell, heads):
    await audit.service.sign_head()
    await tell()
    await rewrite(audit, 1, end=7)
    with pytest.raises(ChainBroken, match="event 7"):
        await audit.service.sign_head()
    assert len(heads.all()) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sequence":6', b'"sequence":5'),
        (b'"at":"2026-03-02', b'"at":"2026-03-03'),
        (b'"hash":"', b'"hash":"f'),
        (b'"signature":"', b'"signature":"0'),
        (b"{", b"["),
        (b"sequence", b"Sequence"),
        (b'"sequence":6', b'"sequence":[6]'),
        (b'"signature":"', b'"signature":"\\u00fc'),
    ],
)
async def test_a_line_of_the_heads_file_that_was_changed_is_named(audit, six, tell, heads, tmp_path, old, new):
    await audit.service.sign_head()
    file = tmp_path / "audit-heads.jsonl"
    file.write_bytes(file.read_bytes().replace(old, new, 1))
    verification = await audit.service.verify_all()
    assert verification.problems == ("audit-heads.jsonl:1: not a head that was signed with this key",)
    assert not verification.intact
    await tell()
    with pytest.raises(BadHead):
        await audit.service.sign_head()


async def test_a_head_signed_with_another_key_is_none(audit, six, tmp_path):
    forger = build(audit.base, HeadsFile(tmp_path / "audit-heads.jsonl", KEY[::-1]))
    await forger.service.sign_head()
    assert not (await audit.service.verify_all()).intact


async def test_a_line_that_a_crash_cut_short_is_written_anew(audit, six, heads, tmp_path):
    await audit.service.sign_head()
    file = tmp_path / "audit-heads.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert (await audit.service.verify_all()).signed_heads == 0
    await audit.service.sign_head()
    assert file.read_bytes() == whole


async def test_the_heads_file_is_for_its_owner_alone(audit, six, tmp_path):
    await audit.service.sign_head()
    assert (tmp_path / "audit-heads.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_too_short_is_refused(tmp_path):
    with pytest.raises(ValueError):
        HeadsFile(tmp_path / "heads", b"short")


async def test_the_checkpoint_follows_and_the_newest_are_checked_again(audit, six, tell, tamper, ask, auditor):
    audit = build(audit.base, audit.service.heads, recheck=2)

    async def checkpoint() -> int | None:
        async with audit.base.database.reading() as session:
            row = await session.get(ChainMarkRow, CHECKPOINT)
        return None if row is None else row.sequence

    async def first_broken() -> int | None:
        answer = await ask(audit.subgraph, "{ auditChain { firstBrokenSequence } }", auditor)
        return answer["data"]["auditChain"]["firstBrokenSequence"]

    assert await first_broken() is None
    assert await checkpoint() == 4
    await tamper("UPDATE audit_events SET reason = 'another' WHERE sequence = 2")
    assert await first_broken() is None
    assert (await audit.service.verify_all()).first_broken == 2
    await tamper("UPDATE audit_events SET reason = 'another' WHERE sequence = 5")
    assert await first_broken() == 5
    for _ in range(6):
        await tell()
    assert await first_broken() == 5
    assert await checkpoint() == 4


async def test_a_walk_that_is_cut_off_has_not_been_for_nothing(audit, six, ask, auditor, monkeypatch):
    audit, whole = build(audit.base, audit.service.heads, recheck=1), rules.chained_hash

    def cut_off_at_the_last(previous_hash, fields):
        if fields["sequence"] == 6:
            raise asyncio.CancelledError
        return whole(previous_hash, fields)

    monkeypatch.setattr(rules, "chained_hash", cut_off_at_the_last)
    with pytest.raises(asyncio.CancelledError):
        await audit.service.chain(Principal("auditor-1", RoleName.AUDITOR, "auditor@hospital.test"))
    async with audit.base.database.reading() as session:
        row = await session.get(ChainMarkRow, CHECKPOINT)
    assert row.sequence == 5


async def test_a_chain_that_is_cut_off_before_the_checkpoint_is_broken(audit, six, ask, auditor, chain):
    audit = build(audit.base, audit.service.heads, recheck=1)
    assert (await chain())["intact"]
    await ask(audit.subgraph, "{ auditChain { length } }", auditor)
    await rewrite(audit, 3, end=3)
    assert (await chain())["firstBrokenSequence"] == 4
