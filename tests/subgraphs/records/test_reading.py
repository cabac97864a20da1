"""That a record was read is committed before it is given away, once a request, on every way; or it is not given."""

import asyncio

import pytest
from sqlalchemy import text

from subgraphs.kernel.ids import new_id
from subgraphs.kernel.rows import run
from tests.subgraphs.records.conftest import RECORD

ENTITIES = """
query ($of: [_Any!]!) {
  _entities(representations: $of) {
    ... on Patient { medicalRecordIds medicalRecords { nodes { id description } } }
    ... on Appointment { medicalRecord { id description } }
  }
}
"""


@pytest.fixture
async def records(house):
    """Three of one patient: two of visits, one of none."""
    doctor, patient = new_id(), await house.patient()
    visits = [await house.visit(doctor, patient) for _ in range(2)]
    made = [await house.created(doctor, patient, appointmentId=visit) for visit in visits]
    made.append(await house.created(doctor, patient))
    return {"doctor": doctor, "patient": patient, "visits": visits, "ids": [record["id"] for record in made]}


def of(records) -> list[dict]:
    visits = [{"__typename": "Appointment", "id": id} for id in records["visits"]]
    return [{"__typename": "Patient", "id": records["patient"]}, *visits]


async def test_each_record_is_noted_once_a_request_however_often_it_is_given(house, records):
    ids, patient = records["ids"], house.as_patient(records["patient"])
    account = f"account-{records['patient'][-12:]}"
    await house.ask(ENTITIES, patient, of=of(records))
    assert sorted(await house.reads()) == sorted((id, account) for id in ids)
    five = " ".join(f"r{place}: medicalRecord(id: $id) {{ id }}" for place in range(5))
    await house.ask(f"query ($id: ID!) {{ {five} }}", patient, id=ids[0])
    assert (await house.reads())[3:] == [(ids[0], account)]
    await house.ask(RECORD, patient, id=ids[0])
    assert len(await house.reads()) == 5
    event = (await house.announced())[-1]
    assert (event.audit["action"], event.audit["patientid"], event.audit["outcome"]) == (
        *("READ", records["patient"]),
        "SUCCESS",
    )


async def test_what_is_written_and_given_back_at_once_is_not_read(house, records):
    assert await house.reads() == []
    await house.amend(records["doctor"], records["ids"][0], description="New")
    assert await house.reads() == []


async def test_what_gives_no_record_notes_none(house, records):
    document = """
    query ($of: [_Any!]!) {
      _entities(representations: $of) {
        ... on Patient {
          medicalRecordIds allergies { id } medicalRecords { totalCount ...Place }
        }
      }
    }
    fragment Place on MedicalRecordConnection { pageInfo { endCursor } }
    """
    [found] = (await house.ask(document, house.as_patient(records["patient"]), of=of(records)[:1]))["_entities"]
    assert (found["medicalRecords"]["totalCount"], len(found["medicalRecordIds"])) == (3, 3)
    for stranger in (house.as_doctor(new_id()), house.as_patient(new_id()), house.as_role("ADMIN")):
        assert await house.look(records["ids"][0], stranger) is None
        await house.ask(ENTITIES, stranger, of=of(records))
    assert await house.reads() == []


@pytest.mark.parametrize("selection", ["edges { node { id } }", "...Rows", "... { nodes { id } }"])
async def test_only_the_page_that_is_given_is_noted(house, records, selection):
    document = f"""
    query ($of: [_Any!]!) {{
      _entities(representations: $of) {{ ... on Patient {{ medicalRecords(first: 2) {{ {selection} }} }} }}
    }}
    """
    if "Rows" in selection:
        document += "fragment Rows on MedicalRecordConnection { r: nodes { id } }"
    await house.ask(document, house.as_patient(records["patient"]), of=of(records)[:1])
    assert len(await house.reads()) == 2


SEVERAL = """
query ($of: [_Any!]!) {
  _entities(representations: $of) { ... on Patient { medicalRecords { totalCount } ...Rows } }
}
fragment Rows on Patient { medicalRecords { nodes { id description } } medicalRecords { pageInfo { endCursor } } }
"""


async def test_a_field_that_stands_in_several_places_is_noted_whichever_of_them_asks_for_records(house, records):
    [found] = (await house.ask(SEVERAL, house.as_patient(records["patient"]), of=of(records)[:1]))["_entities"]
    assert (found["medicalRecords"]["totalCount"], len(found["medicalRecords"]["nodes"])) == (3, 3)
    assert len(await house.reads()) == 3


@pytest.mark.parametrize(
    "selection",
    [
        "nodes @include(if: $asked) { id }",
        "nodes @skip(if: $left) { id }",
        "nodes @include(if: $asked) @skip(if: $left) { id }",
        "edges @include(if: $asked) { node { id } }",
        "edges { cursor node @skip(if: $left) { id } }",
        "... @include(if: $asked) { nodes { id } }",
        "...Rows @skip(if: $left)",
    ],
)
@pytest.mark.parametrize("asked", [True, False])
async def test_what_is_skipped_is_not_read(house, records, selection, asked):
    document = f"""
    query ($of: [_Any!]!, $asked: Boolean!, $left: Boolean! = true) {{
      _entities(representations: $of) {{
        ... on Patient {{
          medicalRecords {{ totalCount {selection} pageInfo @include(if: $asked) @skip(if: $left) {{ endCursor }} }}
        }}
      }}
    }}
    """
    if "Rows" in selection:
        document += "fragment Rows on MedicalRecordConnection { nodes { id } }"
    left = {"left": False} if asked else {}
    bearer = house.as_patient(records["patient"])
    [found] = (await house.ask(document, bearer, of=of(records)[:1], asked=asked, **left))["_entities"]
    rows = found["medicalRecords"].get("nodes") or found["medicalRecords"].get("edges") or []
    given = [row for row in rows if "id" in row or "node" in row]
    assert len(given) == len(await house.reads()) == (3 if asked else 0)


WAYS = [
    ("query ($id: ID!) { medicalRecord(id: $id) { id description } }", lambda records: {"id": records["ids"][0]}),
    (ENTITIES, lambda records: {"of": of(records)[:1]}),
    (ENTITIES, lambda records: {"of": of(records)[1:]}),
    (SEVERAL, lambda records: {"of": of(records)[:1]}),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
async def test_without_an_outbox_there_is_no_answer(house, records, way):
    document, variables = WAYS[way]

    async def drop(session) -> None:
        await run(session, text("ALTER TABLE outbox RENAME TO taken_away"))

    await house.domain.base.database.transaction(drop)
    bearer = house.as_patient(records["patient"])
    answer = await house.send(house.domain.subgraph, document, bearer, **variables(records))
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL_SERVER_ERROR"}
    assert "Routine checkup" not in str(answer)


async def test_the_event_is_committed_when_the_answer_comes(house, records, monkeypatch):
    """Seen from outside of the transaction, at the moment when the record is made into an answer."""
    committed: list[int] = []
    database = house.domain.base.database
    transaction = database.transaction

    async def watched(work):
        result = await transaction(work)
        committed.append(len(await house.reads()))
        return result

    monkeypatch.setattr(database, "transaction", watched)
    assert await house.look(records["ids"][0], house.as_doctor(records["doctor"])) is not None
    assert committed == [1]


async def test_readers_at_once_are_each_noted(house, records):
    await asyncio.gather(*(house.look(records["ids"][0], house.as_patient(records["patient"])) for _ in range(10)))
    assert len(await house.reads()) == 10


@pytest.mark.parametrize("count", [1, 30])
async def test_the_number_of_statements_does_not_grow_with_the_records(house, count, statements):
    doctor, patients = new_id(), [await house.patient() for _ in range(count)]
    visits = [await house.visit(doctor, patient) for patient in patients for _ in range(2)]
    for place, visit in enumerate(visits):
        await house.created(doctor, patients[place // 2], appointmentId=visit)
    asked = [{"__typename": "Patient", "id": id} for id in patients]
    asked += [{"__typename": "Appointment", "id": id} for id in visits]
    document = """
    query ($of: [_Any!]!) {
      _entities(representations: $of) {
        ... on Patient {
          medicalRecordIds allergies { id } medicalRecords { totalCount nodes { id versions { version } } }
        }
        ... on Appointment { medicalRecord { id versions { version } } }
      }
    }
    """
    statements.clear()
    await house.ask(document, house.as_doctor(doctor), of=asked)
    counted = [statement for statement in statements if not statement.startswith("INSERT INTO outbox")]
    assert len(counted) <= 10, counted
    assert len(await house.reads()) == 2 * count
