"""Visits taken over from another system."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from subgraphs.appointments.service import ImportedVisit
from subgraphs.appointments.tables import ClaimRow
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import OutboxRow
from tests.subgraphs.appointments.conftest import codes

START = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
READ = """
query ($id: ID!) { appointment(id: $id) {
  status slot end version notes history { from to at byAccountId reason slot } doctor { id } patient { id }
} }
"""


@pytest.fixture
async def visit(house):
    known = {"patient_id": await house.patient(), "doctor_id": await house.doctor(), "department_id": new_id()}

    def make(key: str = "one", **changes) -> ImportedVisit:
        times = {"starts_at": START, "ends_at": START + timedelta(minutes=15)}
        return ImportedVisit(**({"import_key": key} | known | times | changes))

    return make


async def test_a_visit_stands_as_completed_with_one_line_of_history(house, visit):
    outcome = await house.domain.service.import_visits([visit(notes="Check-up")])
    assert (outcome.made, outcome.refused) == (1, {})
    found = (await house.ask(READ, house.as_desk, id=outcome.ids["one"]))["appointment"]
    line = {"from": None, "to": "COMPLETED", "at": "2025-06-02T09:15:00Z", "byAccountId": None, "reason": None}
    assert found["history"] == [line | {"slot": "2025-06-02T09:00:00Z"}]
    assert (found["status"], found["version"], found["notes"]) == ("COMPLETED", 1, "Check-up")


async def test_it_is_announced_as_completed_when_it_ended(house, visit):
    await house.domain.service.import_visits([visit()])
    async with house.domain.base.database.reading() as session:
        (row,) = (await session.exec(select(OutboxRow))).all()
    assert (row.type, '"time":"2025-06-02T09:15:00+00:00"' in row.body) == ("appointment.completed", True)
    ((_, fact),) = await house.outbox()
    assert (fact["imported"], fact["previous_status"], fact["treats"]) == (True, None, True)


async def test_it_claims_no_time_and_is_not_on_the_stream(house, visit, clock):
    clock.at = START
    await house.domain.service.import_visits([visit("one"), visit("two")])
    async with house.domain.base.database.reading() as session:
        assert (await session.exec(select(ClaimRow))).all() == []
    assert codes(await house.book(visit().doctor_id, visit().patient_id, "2025-06-02T09:00:00Z")) == []
    found = await house.ask("{ appointmentChangesCursor }", house.as_desk)
    await house.domain.service.import_visits([visit("three")])
    assert await house.ask("{ appointmentChangesCursor }", house.as_desk) == found


async def test_it_can_be_run_again_without_doubling_anything(house, visit):
    service = house.domain.service
    first = await service.import_visits([visit("one"), visit("two"), visit("one")])
    again = await service.import_visits([visit("two"), visit("three"), visit("one")])
    assert (first.made, again.made) == (2, 1)
    assert again.ids.items() >= first.ids.items()
    assert await house.announced() == ["appointment.completed"] * 3


async def test_what_is_wrong_is_refused_alone(house, visit):
    bad = {
        "patient": {"patient_id": new_id()},
        "doctor": {"doctor_id": new_id()},
        "department": {"department_id": "none"},
        "backwards": {"ends_at": START - timedelta(minutes=1)},
        "future": {"starts_at": datetime(2026, 3, 3, tzinfo=UTC), "ends_at": datetime(2026, 3, 3, 1, tzinfo=UTC)},
        "status": {"status": "PENDING"},
        "notes": {"notes": "a\0"},
        "naive": {"starts_at": datetime(2025, 6, 2), "ends_at": datetime(2025, 6, 2)},  # noqa: DTZ001
        "x" * 201: {},
    }
    batch = [visit("good"), *(visit(key, **changes) for key, changes in bad.items()), visit("fine")]
    outcome = await house.domain.service.import_visits(batch)
    assert (set(outcome.ids), outcome.made, set(outcome.refused)) == ({"good", "fine"}, 2, set(bad))
    assert outcome.refused["patient"] == "The visit's patient is not known here."


@pytest.mark.parametrize("status", ["CANCELLED", "NO_SHOW", "REJECTED"])
async def test_a_visit_may_have_ended_otherwise(house, visit, status):
    outcome = await house.domain.service.import_visits([visit(status=status)])
    found = (await house.ask(READ, house.as_desk, id=outcome.ids["one"]))["appointment"]
    assert (found["status"], found["history"][0]["to"]) == (status, status)
    assert await house.announced() == [f"appointment.{status.lower()}"]


@pytest.mark.parametrize("count", [1, 50])
async def test_a_batch_costs_a_statement_for_each_event_and_five_more(house, visit, count):
    with house.counting() as counted:
        await house.domain.service.import_visits([visit(f"visit {number}") for number in range(count)])
    assert len([statement for statement in counted if "INTO outbox" not in statement]) == 5, counted
