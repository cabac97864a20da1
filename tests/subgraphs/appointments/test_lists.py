"""Lists: filters, order, pages, counts, and that no screen costs a statement more for having more rows."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from subgraphs.appointments import repository
from subgraphs.appointments.service import ImportedVisit
from subgraphs.kernel.ids import new_id

LIST = """
query ($filter: AppointmentFilter, $first: Int! = 100, $after: String) {
  appointments(filter: $filter, first: $first, after: $after) {
    totalCount nodes { id slot status } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
"""
NESTED = """
query ($representations: [_Any!]!, $first: Int! = 2, $after: String) {
  _entities(representations: $representations) {
    ... on Patient { id appointments(first: $first, after: $after) { ...Page } }
    ... on Doctor { id appointments(first: $first, after: $after) { ...Page } }
  }
}
fragment Page on AppointmentConnection {
  totalCount nodes { slot notes patientEmail doctor { id } patient { id } history { to } } pageInfo { endCursor }
}
"""
DEPARTMENTS = [f"018f0000-0000-7000-8000-00000000000{number}" for number in range(4)]
START = datetime(2025, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
async def people(house):
    """Three patients and two doctors with 30 visits among them, two of them at each instant."""
    patients = [await house.patient() for _ in range(3)]
    doctors = [await house.doctor() for _ in range(2)]
    statuses = ("COMPLETED", "CANCELLED", "NO_SHOW", "REJECTED", "COMPLETED")
    visits = [
        visit_of(
            f"visit {number}",
            patients[number % 3],
            doctors[number % 2],
            START + number // 2 * timedelta(days=1),
            department_id=DEPARTMENTS[number % 4],
            status=statuses[number % 5],
        )
        for number in range(30)
    ]
    assert (await house.domain.service.import_visits(visits)).made == 30
    return {"patients": patients, "doctors": doctors, "visits": visits}


def visit_of(key: str, patient: str, doctor: str, at: datetime, **more: str) -> ImportedVisit:
    known = {"department_id": DEPARTMENTS[0]} | more
    return ImportedVisit(
        import_key=key,
        patient_id=patient,
        doctor_id=doctor,
        starts_at=at,
        ends_at=at + timedelta(minutes=30),
        **known,
    )


def matches(visit: ImportedVisit, filter: dict) -> bool:
    return (
        filter.get("patientId") in (None, visit.patient_id)
        and filter.get("doctorId") in (None, visit.doctor_id)
        and filter.get("departmentId") in (None, visit.department_id)
        and (filter.get("status") is None or visit.status in filter["status"])
        and (filter.get("from") is None or visit.starts_at >= datetime.fromisoformat(filter["from"]))
        and (filter.get("to") is None or visit.starts_at < datetime.fromisoformat(filter["to"]))
    )


async def walked(house, bearer: str, first: int, filter: dict) -> list[dict]:
    """The whole list, page by page."""
    nodes, after, pages = [], None, 0
    while True:
        page = (await house.ask(LIST, bearer, filter=filter, first=first, after=after))["appointments"]
        assert page["pageInfo"]["hasPreviousPage"] == (pages > 0)
        nodes += page["nodes"]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            assert len(nodes) == page["totalCount"]
            return nodes


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_filter_finds_what_matches_and_pages_cut_it_without_gaps(house, people, data):
    instants = st.integers(-1, 16).map(lambda days: (START + days * timedelta(days=1)).isoformat())
    filter = {
        "patientId": data.draw(st.none() | st.sampled_from(people["patients"])),
        "doctorId": data.draw(st.none() | st.sampled_from(people["doctors"])),
        "departmentId": data.draw(st.none() | st.sampled_from([people["visits"][1].department_id, new_id()])),
        "status": data.draw(st.none() | st.lists(st.sampled_from(["COMPLETED", "CANCELLED", "PENDING"]), max_size=2)),
        "from": data.draw(st.none() | instants),
        "to": data.draw(st.none() | instants),
    }
    found = await walked(house, house.as_desk, data.draw(st.integers(1, 31)), filter)
    wanted = [visit for visit in people["visits"] if matches(visit, filter)]
    assert sorted(node["slot"] for node in found) == sorted(
        visit.starts_at.isoformat().replace("+00:00", "Z") for visit in wanted
    )
    keys = [(node["slot"], node["id"]) for node in found]
    assert keys == sorted(set(keys), reverse=True)


async def test_a_patient_and_a_doctor_list_their_own(house, people):
    mine = await walked(house, house.as_patient(people["patients"][0]), 3, {})
    assert len(mine) == 10
    treated = await walked(house, house.as_doctor(people["doctors"][0]), 7, {})
    assert len(treated) == 30


async def test_a_filter_by_what_is_no_id_finds_nothing(house, people):
    for name, id in product(("patientId", "doctorId", "departmentId"), ("\ud800", "a\0", "x" * 9999, "%")):
        found = (await house.ask(LIST, house.as_desk, filter={name: id}))["appointments"]
        assert (found["totalCount"], found["nodes"]) == (0, [])


@pytest.mark.parametrize("variables", [{"first": 0}, {"first": 101}, {"after": "x"}, {"after": ""}, {"after": "é"}])
async def test_it_refuses_a_bad_page(house, people, variables):
    assert await house.refused(LIST, house.as_desk, **variables) == "BAD_USER_INPUT"


async def test_a_cursor_of_the_changes_is_none_of_the_list(house, people):
    cursor = (await house.ask("{ appointmentChangesCursor }", house.as_desk))["appointmentChangesCursor"]
    assert await house.refused(LIST, house.as_desk, after=cursor) == "BAD_USER_INPUT"


async def test_nested_lists_are_each_parents_own(house, people):
    parents = [{"__typename": "Patient", "id": id} for id in people["patients"]]
    parents += [{"__typename": "Doctor", "id": id} for id in people["doctors"]]
    data = (await house.ask(NESTED, house.as_desk, representations=parents))["_entities"]
    for parent in data:
        own = [visit for visit in people["visits"] if parent["id"] in (visit.patient_id, visit.doctor_id)]
        assert parent["appointments"]["totalCount"] == len(own)
        latest = sorted((visit.starts_at for visit in own), reverse=True)[:2]
        assert [node["slot"] for node in parent["appointments"]["nodes"]] == [
            slot.isoformat().replace("+00:00", "Z") for slot in latest
        ]
    alone = (await house.ask(NESTED, house.as_desk, representations=parents[:1]))["_entities"]
    assert alone == data[:1]
    after = alone[0]["appointments"]["pageInfo"]["endCursor"]
    patients = parents[: len(people["patients"])]
    further = (await house.ask(NESTED, house.as_desk, representations=patients, after=after, first=50))["_entities"]
    assert len(further[0]["appointments"]["nodes"]) == 8


async def test_a_cursor_of_a_patients_list_is_none_of_a_doctors_or_of_the_whole_list(house, people):
    patient = [{"__typename": "Patient", "id": people["patients"][0]}]
    doctor = [{"__typename": "Doctor", "id": people["doctors"][0]}]
    [found] = (await house.ask(NESTED, house.as_desk, representations=patient))["_entities"]
    after = found["appointments"]["pageInfo"]["endCursor"]
    assert await house.refused(NESTED, house.as_desk, representations=doctor, after=after) == "BAD_USER_INPUT"
    assert await house.refused(LIST, house.as_desk, after=after) == "BAD_USER_INPUT"


@pytest.mark.sqlite  # another database counts no steps
async def test_the_first_of_many_doctors_lists_cost_the_same_however_long_those_are(house):
    doctors, patient = [await house.doctor() for _ in range(3)], await house.patient()
    costs = []
    for lot in range(2):
        visits = [
            visit_of(f"{lot} {doctor} {hour}", patient, doctor, START + timedelta(hours=hour + 20 * lot))
            for doctor in doctors
            for hour in range(20 + 180 * lot)
        ]
        assert (await house.domain.service.import_visits(visits)).made == len(visits)
        costs.append(await steps_of(house, [{"__typename": "Doctor", "id": id} for id in doctors]))
    assert costs[1] < costs[0] * 1.5


async def steps_of(house, parents) -> int:
    """How many steps SQLite's machine takes for the pages of these parents."""
    run: list[tuple[str, tuple]] = []
    document = """
    query ($of: [_Any!]!) { _entities(representations: $of) {
      ... on Doctor { appointments(first: 2) { nodes { slot } } } } }
    """

    def note(connection, cursor, statement, parameters, *rest) -> None:
        run.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    found = (await house.ask(document, house.as_desk, of=parents))["_entities"]
    event.remove(Engine, "before_cursor_execute", note)
    assert [len(doctor["appointments"]["nodes"]) for doctor in found] == [2] * len(parents)
    [(statement, parameters)] = run
    steps: list[None] = []
    with closing(sqlite3.connect(house.domain.base.database.url.database)) as connection:
        connection.set_progress_handler(lambda: steps.append(None), 10)
        connection.execute(statement, parameters).fetchall()
    return len(steps)


async def test_many_doctors_lists_are_read_some_at_a_time_as_no_database_takes_a_statement_of_any_length(house, people):
    others = [{"__typename": "Doctor", "id": new_id()} for _ in range(60)]
    own = [{"__typename": "Doctor", "id": id} for id in people["doctors"]]
    with house.counting() as statements:
        found = (await house.ask(NESTED, house.as_desk, representations=[*others, *own]))["_entities"]
    assert [len(doctor["appointments"]["nodes"]) for doctor in found] == [*[0] * 60, 2, 2]
    assert [statement.count("UNION ALL") + 1 for statement in statements if "UNION ALL" in statement] == [25, 25, 12]


async def test_nested_lists_take_states_and_times(house, people):
    document = """
    query ($representations: [_Any!]!) { _entities(representations: $representations) {
      ... on Patient { appointments(status: [CANCELLED]) { totalCount } }
      ... on Doctor {
        appointments(status: [COMPLETED], from: "2025-06-03T09:00:00Z", to: "2025-06-10T09:00:00Z") { totalCount }
      }
    } }
    """
    parents = [
        {"__typename": "Patient", "id": people["patients"][0]},
        {"__typename": "Doctor", "id": people["doctors"][0]},
    ]
    patient, doctor = (await house.ask(document, house.as_desk, representations=parents))["_entities"]
    cancelled = [visit for visit in people["visits"] if visit.status == "CANCELLED"]
    assert patient["appointments"]["totalCount"] == sum(visit.patient_id == parents[0]["id"] for visit in cancelled)
    days = START + timedelta(days=2), START + timedelta(days=9)
    assert doctor["appointments"]["totalCount"] == sum(
        visit.doctor_id == parents[1]["id"] and visit.status == "COMPLETED" and days[0] <= visit.starts_at < days[1]
        for visit in people["visits"]
    )


SCREENS = {
    "a list for the desk": (LIST.replace("totalCount", ""), 1),
    "a list with its count": (LIST, 2),
    "a list with all of it": (
        "{ appointments { nodes { id patient { id } doctor { id } patientEmail history { to } } } }",
        2,
    ),
    "where the changes stand": ("{ appointmentChangesCursor }", 1),
}


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_of_the_desk_costs_so_many_statements(house, people, screen):
    document, statements = SCREENS[screen]
    with house.counting() as counted:
        await house.ask(document, house.as_desk)
    assert len(counted) == statements


async def test_a_doctors_list_costs_two_more_for_whom_they_treat(house, people):
    with house.counting() as counted:
        await house.ask(SCREENS["a list with all of it"][0], house.as_doctor(people["doctors"][0]))
    assert len(counted) == 4


async def test_a_doctor_finds_the_same_whether_it_is_little_or_much(house, people, monkeypatch):
    doctor = await house.doctor()
    await house.booked(doctor, people["patients"][1], "2026-03-02T09:00:00Z")
    await house.booked(people["doctors"][0], await house.patient(), "2026-03-02T10:00:00Z")
    for filter in ({}, {"status": ["COMPLETED"]}, {"from": "2025-06-05T00:00:00Z", "departmentId": DEPARTMENTS[1]}):
        found = []
        for few in (0, 11, 12, 250):
            monkeypatch.setattr(repository, "_FEW", few)
            found.append(await walked(house, house.as_doctor(doctor), 3, filter))
        assert found == [found[0]] * 4
        assert len(found[0]) == (11 if filter == {} else len(found[0]))


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_the_lists_of_many_parents_cost_as_much_as_those_of_one(house, people, count):
    parents = [{"__typename": "Patient", "id": id} for id in people["patients"][:count]]
    with house.counting() as counted:
        await house.ask(NESTED, house.as_desk, representations=parents)
    assert len(counted) == 3
    with house.counting() as counted:
        await house.ask(NESTED, house.as_doctor(people["doctors"][0]), representations=parents)
    assert len(counted) == 4


async def test_entities_are_read_in_one_statement(house, people):
    ids = [node["id"] for node in (await house.ask(LIST, house.as_desk))["appointments"]["nodes"]]
    representations = [{"__typename": "Appointment", "id": id} for id in [*reversed(ids), "nothing", ids[0]]]
    document = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Appointment { id } } }"
    with house.counting() as counted:
        found = (await house.ask(document, house.as_desk, r=representations))["_entities"]
    assert [node and node["id"] for node in found] == [*reversed(ids), None, ids[0]]
    assert len(counted) == 1


async def test_a_booking_costs_so_many_statements(house):
    doctor, patient = await house.doctor(), await house.patient()
    await house.booked(doctor, patient, "2026-03-02T09:00:00Z")
    with house.counting() as counted:
        await house.booked(doctor, patient, "2026-03-02T10:00:00Z", idempotencyKey="k")
    assert len(counted) == 10, counted
    assert counted[-2].startswith("UPDATE change_counter")
    assert counted[-1].startswith("INSERT INTO status_changes")
