import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from subgraphs.kernel.events import Actor
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.importing import ImportedPatient

LONG_AGO = datetime(2020, 5, 1, tzinfo=UTC)


def person(place: int, **given) -> ImportedPatient:
    return ImportedPatient(**{"import_key": f"urn:{place}", "name": f"Person {place}", "dob": date(1980, 1, 1)} | given)


@pytest.fixture
def take(patients):
    return patients.service.import_patients


async def test_a_batch_is_taken_with_everything_it_says(take, look, announced):
    sharon = person(
        1,
        name="Sharon997 Abbott774",
        sex=Sex.FEMALE,
        phone="555-773-1234",
        address="1 Main St\nBoston",
        weight=60.5,
        height=170,
        deceased_at=LONG_AGO,
        created_at=LONG_AGO,
    )
    outcome = await take([sharon, person(2)])
    assert (outcome.made, outcome.refused, set(outcome.ids)) == (2, {}, {"urn:1", "urn:2"})
    seen = await look(outcome.ids["urn:1"])
    wanted = {"name": "Sharon997 Abbott774", "phone": "555-773-1234", "sex": "FEMALE", "mrn": "MRN-0000001"}
    assert {name: seen[name] for name in wanted} == wanted
    assert (seen["deceasedAt"], seen["createdAt"]) == ("2020-05-01T00:00:00Z", "2020-05-01T00:00:00Z")
    events = await announced()
    assert [(event.type, event.actor, event.data["imported"], event.data["opens_login"]) for event in events] == [
        ("patient.registered", Actor(name="import"), True, False)
    ] * 2
    assert events[0].occurred_at == LONG_AGO
    assert events[0].data["phone"] is None, "a number without its country cannot be dialled"


async def test_the_actor_may_be_another(take, announced):
    await take([person(1)], Actor(name="demo"))
    assert [event.actor.name for event in await announced()] == ["demo"]


async def test_taking_the_same_again_makes_nothing(take, find, announced):
    first = await take([person(1), person(2)])
    again = await take([person(2, name="Renamed"), person(3), person(1)])
    assert again.made == 1
    assert {key: again.ids[key] for key in first.ids} == first.ids
    assert await find() == ["Person 1", "Person 2", "Person 3"]
    assert len(await announced()) == 3


async def test_one_key_twice_in_a_batch_is_one_patient(take, find):
    outcome = await take([person(1), person(1, name="Twice")])
    assert (outcome.made, len(outcome.ids), await find()) == (1, 1, ["Person 1"])


async def test_the_same_batch_from_two_sides_at_once_makes_each_once(take, find, announced):
    batch = [person(place) for place in range(20)]
    first, second = await asyncio.gather(take(batch), take(batch))
    assert first.ids == second.ids
    assert first.made + second.made == len(await find()) == len(await announced()) == 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"dob": date(2026, 3, 3)},
        {"email": "nobody"},
        {"phone": "x" * 65},
        {"address": "Nul\x00"},
        {"weight": float("nan")},
        {"height": float("inf")},
        {"deceased_at": datetime(1979, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(2026, 3, 3, tzinfo=UTC)},
        {"import_key": ""},
        {"import_key": "x" * 201},
    ],
)
async def test_a_bad_one_is_refused_alone_with_its_reason(take, find, announced, wrong):
    bad = person(2, **wrong)
    outcome = await take([person(1), bad, person(3)])
    assert (outcome.made, set(outcome.ids), set(outcome.refused)) == (2, {"urn:1", "urn:3"}, {bad.import_key})
    assert outcome.refused[bad.import_key]
    assert await find() == ["Person 1", "Person 3"]
    assert len(await announced()) == 2


async def test_numbers_go_on_where_they_stood(take, register, look):
    await register()
    outcome = await take([person(1), person(2)])
    assert (await look(outcome.ids["urn:2"]))["mrn"] == "MRN-0000003"
    assert (await register())["patient"]["mrn"] == "MRN-0000004"


async def test_an_empty_batch_is_nothing(take):
    outcome = await take([])
    assert (outcome.made, outcome.ids, outcome.refused) == (0, {}, {})


async def test_a_telephone_number_that_was_imported_stays_in_an_update_that_repeats_it(take, change, announced, clock):
    outcome = await take([person(1, phone="555-773-1234"), person(2, phone="+1 (202) 456-1111")])
    clock.move(timedelta(seconds=1))
    payload = await change(outcome.ids["urn:1"], phone="555-773-1234", weight=61)
    assert (payload["errors"], payload["patient"]["phone"]) == ([], "555-773-1234")
    assert [event.data["phone"] for event in await announced()] == [None, "+12024561111", None]
