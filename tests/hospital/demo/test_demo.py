"""The demo hospital: believable, the same for the same seed, and never put over anybody's own data."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from hospital.demo import people, words
from hospital.demo.diary import DAYS_EACH_WAY, Diary, Entry
from hospital.demo.fill import fill, size
from hospital.demo.findings import FINDINGS
from hospital.demo.kinds import bills, records
from hospital.demo.kinds.logins import LOGINS
from hospital.demo.plan import Plan
from hospital.demo.state import DemoState, demo_password, is_empty
from hospital.folder import DataFolder
from hospital.runtime import Runtime
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.billing.ledger import OWED
from subgraphs.billing.tables import BillRow, EntryRow
from subgraphs.kernel.principal import RoleName
from subgraphs.notifications.rules import Channel
from subgraphs.records.codes import lots
from subgraphs.records.rules import Medicine, prescribed

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PASSWORD = "a long pass phrase"


@cache
def diary(seed: int = 1, zone: str = "UTC", now: datetime = NOW) -> list[Entry]:
    random = Random(seed)
    doctors = people.doctors(random)
    return Diary(random, doctors, people.patients(random, now), now, ZoneInfo(zone)).entries()


def test_it_has_the_promised_size_and_names_nobody_twice_among_the_doctors():
    random = Random(1)
    doctors = people.doctors(random)
    assert (len(words.DEPARTMENTS), len(doctors), len(people.patients(random, NOW))) == (8, 24, 300)
    assert len({doctor.given.email for doctor in doctors}) == 24
    assert {doctor.given.specialty for doctor in doctors} <= words.FEES.keys()


def test_the_same_seed_gives_the_same_hospital():
    assert diary(1) == diary.__wrapped__(1)
    assert diary(1) != diary(2)
    assert people.patients(Random(7), NOW) == people.patients(Random(7), NOW)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]))
def test_nobody_is_in_two_places_at_once(seed: int, zone: str):
    entries = diary(seed, zone)
    for whose in ("doctor", "patient"):
        last: dict[int, datetime] = {}
        for entry in entries:
            assert last.get(getattr(entry, whose), entry.start) <= entry.start
            last[getattr(entry, whose)] = entry.end
    assert all(abs(entry.start - NOW) < timedelta(days=DAYS_EACH_WAY + 2) for entry in entries)
    assert len({entry.number for entry in entries}) == len(entries)


def test_what_is_past_has_ended_and_what_is_to_come_has_not():
    past = Counter(entry.status for entry in diary() if entry.start < NOW)
    future = Counter(entry.status for entry in diary() if entry.start > NOW)
    assert past.keys() == {"COMPLETED", "NO_SHOW", "CANCELLED", "REJECTED"}
    assert past["COMPLETED"] > 3 * (past["NO_SHOW"] + past["CANCELLED"] + past["REJECTED"])
    assert future.keys() == {"PENDING", "ACCEPTED", "CANCELLED", "REJECTED"}
    assert past.total() > 1000
    assert future.total() > 300


def test_the_dead_are_seen_no_more():
    random = Random(1)
    doctors = people.doctors(random)
    patients = people.patients(random, NOW)
    died = {number: who.deceased_at for number, who in enumerate(patients) if who.deceased_at}
    assert died
    entries = Diary(random, doctors, patients, NOW, ZoneInfo("UTC")).entries()
    assert all(entry.end <= died[entry.patient] for entry in entries if entry.patient in died)


@pytest.mark.parametrize("department", [key for key, _, _ in words.DEPARTMENTS])
def test_what_is_found_has_a_code_and_what_is_prescribed_says_how_much(department: str):
    codes = {code for lot in lots() for code, _ in lot}
    for _, code, prescriptions in FINDINGS[department]:
        assert code in codes
        for prescription in prescriptions:
            assert prescribed(Medicine(*prescription)) == Medicine(*prescription)


def test_most_visits_that_took_place_have_a_record_and_each_the_same_whatever_else_there_is():
    plan = Plan.of(DemoState(1, NOW), ZoneInfo("UTC"))
    took_place = sum(entry.status == "COMPLETED" for entry in plan.visits)
    assert 0.8 * took_place < records.size(plan) < 0.9 * took_place
    half = replace(plan, visits=plan.visits[::2])
    assert records._recorded(half) == [entry for entry in records._recorded(plan) if entry in half.visits]


@pytest.fixture
def small_plan(runtime: Runtime) -> Plan:
    """Some of everything, but real: what is to come is counted from the present."""
    state = DemoState(1, runtime.clock.now())
    plan = Plan.of(state, runtime.settings.zone)
    bookings = [entry for entry in plan.bookings if entry.start > state.now + timedelta(days=1)]
    return replace(plan, visits=plan.visits[:40], bookings=bookings[:25])


async def counted(runtime: Runtime) -> tuple[Counter[str], int]:
    """Appointments by status, and events in the trail."""
    await runtime.delivery.settled()
    async with runtime.domains.appointments.base.database.reading() as session:
        statuses = (await session.exec(select(AppointmentRow.status))).all()
    verification = await runtime.domains.audit.service.verify_all()
    assert verification.intact
    return Counter(statuses), verification.head.sequence


async def test_a_filling_that_was_cut_short_goes_on_and_doubles_nothing(runtime: Runtime, small_plan: Plan):
    async def fill_until(cut_at: int | None = None) -> None:
        def on_progress(label: str, done: int, whole: int) -> None:
            if cut_at is not None and done >= cut_at:
                raise asyncio.CancelledError

        await fill(runtime, small_plan, PASSWORD, on_progress)

    for cut_at in (8, 40, size(small_plan) - 40, size(small_plan) - 10):
        with pytest.raises(asyncio.CancelledError):
            await fill_until(cut_at)
    await fill_until()
    filled = await counted(runtime)
    wanted = Counter(entry.status for entry in (*small_plan.visits, *small_plan.bookings))
    assert filled[0] == wanted
    await fill_until()
    assert await counted(runtime) == filled
    decided = sum(entry.status != "PENDING" for entry in small_plan.bookings)
    logins = len(LOGINS) - 1 + len(small_plan.doctors)
    of_bills = sum(bill.facts - 1 for bill in bills.bills(small_plan))
    assert filled[1] == size(small_plan) + decided + logins + of_bills
    assert await runtime.domains.notifications.service.take(Channel.EMAIL, 10, timedelta(0)) == [], (
        "nobody gets mail of the demo"
    )
    assert await runtime.domains.notifications.service.remind() == 0


async def test_every_role_can_sign_in(runtime: Runtime, small_plan: Plan):
    plan = replace(small_plan, patients=small_plan.patients[:10], visits=[], bookings=[])
    await fill(runtime, plan, PASSWORD, lambda label, done, whole: None)
    accounts = runtime.domains.accounts.service
    for email, role in LOGINS.items():
        grant = await accounts.sign_in(email, PASSWORD)
        assert grant.account.role == role
        assert (grant.account.doctor_id is not None) == (role is RoleName.DOCTOR)
        assert (grant.account.patient_id is not None) == (role is RoleName.PATIENT)


async def test_a_hospital_with_data_of_its_own_is_not_empty(runtime: Runtime):
    assert await is_empty(runtime.domains)
    await runtime.domains.accounts.service.create_admin("a@example.com", PASSWORD)
    assert await is_empty(runtime.domains)
    await runtime.domains.patients.service.import_patients(people.patients(Random(1), NOW)[:1])
    assert not await is_empty(runtime.domains)


def test_the_password_is_kept_for_its_owner_alone(tmp_path: Path):
    folder = DataFolder(tmp_path)
    made = demo_password(folder, None)
    assert len(made) >= 12
    assert demo_password(folder, "another one") == made
    assert (tmp_path / "demo-password").stat().st_mode & 0o777 == 0o600
    (tmp_path / "demo-password").unlink()
    assert demo_password(folder, " given with blanks ") == " given with blanks "
    assert demo_password(folder, None) == " given with blanks "


def test_the_state_is_kept(tmp_path: Path):
    folder = DataFolder(tmp_path)
    assert DemoState.of(folder) is None
    state = DemoState(1, NOW)
    state.finished().keep(folder)
    assert DemoState.of(folder) == DemoState(1, NOW, filled=True)
    assert not state.filled


def test_a_password_that_no_login_could_have_is_refused(command, tmp_path: Path):
    status, _, error = command("up", "--demo", "--demo-password", "short", "--data", str(tmp_path / "data"))
    assert (status, error.startswith("--demo-password: "), len(error.splitlines())) == (1, True, 1)
    assert not (tmp_path / "data").exists()


def test_most_visits_are_billed_and_the_bills_are_paid_in_every_way():
    plan = Plan.of(DemoState(1, NOW), ZoneInfo("UTC"))
    drawn = bills.bills(plan)
    assert drawn == bills.bills(Plan.of(DemoState(1, NOW), ZoneInfo("UTC")))
    completed = sum(entry.status == "COMPLETED" for entry in plan.visits)
    assert 0.8 * completed < len(drawn) < completed
    assert {bill.method for bill in drawn if bill.paid} == set(bills._METHODS)
    claims = [bill for bill in drawn if bill.claimed is not None]
    assert 0.2 * len(drawn) < len(claims) < 0.5 * len(drawn)
    assert {bill.approved is None for bill in claims} == {True, False}


async def test_bills_are_filled_in_and_the_ledger_agrees(runtime: Runtime, small_plan: Plan):
    await fill(runtime, small_plan, PASSWORD, lambda label, done, whole: None)
    drawn = bills.bills(small_plan)
    async with runtime.domains.billing.base.database.reading() as session:
        rows = (await session.exec(select(BillRow))).all()
        entries = (await session.exec(select(EntryRow))).all()
    assert len(rows) == len(drawn)
    assert sum(row.paid for row in rows) == sum(bill.paid + (bill.approved or 0) for bill in drawn)
    assert sum(entry.amount for entry in entries) == 0
    owed = sum(entry.amount for entry in entries if entry.account in OWED)
    assert owed == sum(row.total - row.paid for row in rows)
    by_year = Counter(row.billed_on.year for row in rows)
    numbers = {f"{year}-{place:06d}" for year, count in by_year.items() for place in range(1, count + 1)}
    assert {row.number for row in rows} == numbers
