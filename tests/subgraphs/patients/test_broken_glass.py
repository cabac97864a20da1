"""What a doctor's account sees who has broken the glass of one patient."""

from datetime import timedelta

import pytest

from subgraphs.kernel.events import Actor, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.records.events import GlassBroken

ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient { name } } }"


@pytest.fixture
def open_to(patients, clock):
    """Tells patients what records announces when that account has broken the patient's glass."""
    [subscriber] = patients.subscribers

    async def send(patient_id: str, account_id: str = "breaker") -> None:
        now = clock.now()
        fact = GlassBroken(
            account_id=account_id,
            patient_id=patient_id,
            reason="Unconscious",
            broken_at=now,
            expires_at=now + timedelta(hours=1),
        )
        message = envelope(fact, id=new_id(), domain="records", actor=Actor(), occurred_at=now)
        await subscriber.receive([message])

    return send


@pytest.fixture
async def people(register) -> list[str]:
    return [(await register(name=name))["patient"]["id"] for name in ("Huzaifa", "Other")]


@pytest.fixture
def seen(look, find, ask, patients, people):
    """Whom the bearer sees: by id, in the list, by a search, as an entity. The same on every way."""

    async def of(bearer: str) -> list[str]:
        representations = [{"__typename": "Patient", "id": id} for id in people]
        entities = (await ask(patients.subgraph, ENTITIES, bearer, of=representations))["data"]["_entities"]
        by_id = [found["name"] for id in people if (found := await look(id, bearer))]
        searched = [name for text in ("huz", "oth") for name in await find(text, bearer)]
        assert by_id == await find(None, bearer) == searched == [found["name"] for found in entities if found]
        return by_id

    return of


async def test_it_opens_one_patient_on_every_way_for_an_hour(seen, people, open_to, signer, clock):
    breaker = signer.bearer("DOCTOR", "breaker", doctor_id=new_id())
    assert await seen(breaker) == []
    await open_to(people[0])
    assert await seen(breaker) == ["Huzaifa"]
    assert await seen(signer.bearer("DOCTOR", "another", doctor_id=new_id())) == []
    clock.move(timedelta(minutes=59, seconds=59))
    assert await seen(breaker) == ["Huzaifa"]
    clock.move(timedelta(seconds=1))
    assert await seen(breaker) == []
    await open_to(people[0])
    assert await seen(breaker) == ["Huzaifa"]


async def test_it_opens_nothing_to_an_account_of_another_role(seen, people, open_to, signer):
    await open_to(people[0])
    assert await seen(signer.bearer("PATIENT", "breaker", patient_id=people[1])) == ["Other"]


async def test_what_is_opened_is_for_reading_alone(people, open_to, change, signer):
    await open_to(people[0])
    answer = await change(people[0], signer.bearer("DOCTOR", "breaker", doctor_id=new_id()), name="Changed")
    assert answer["error"] == "FORBIDDEN"
