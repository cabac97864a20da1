import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import IdempotencyKeyReused, InvalidInput, NotFound
from subgraphs.kernel.idempotency import claim, concealed, kept, once
from subgraphs.kernel.tables import IdempotencyRow, PositionRow


@pytest.fixture
def make(base):
    """Makes one row under the claim; gives its id."""

    async def run(wanted, entity_id=None) -> str:
        async def work(session, id: str) -> None:
            session.add(PositionRow(consumer=id, topic="t", position=0))

        return await once(base.database, base.clock, wanted, work, entity_id=entity_id)

    return run


def key(fields=None, *, caller="account-1", mutation="make", key="k"):
    return claim(caller, mutation, key, fields or {"name": "a"})


async def test_twenty_equal_requests_at_once_make_one_entity(make, count_of):
    made = await asyncio.gather(*(make(key()) for _ in range(20)))
    assert len(set(made)) == 1
    assert (await count_of(PositionRow), await count_of(IdempotencyRow)) == (1, 1)


async def test_without_a_key_each_request_makes_its_own(make, count_of):
    assert len({await make(None) for _ in range(3)}) == 3
    assert (await count_of(PositionRow), await count_of(IdempotencyRow)) == (3, 0)


async def test_another_input_under_the_same_key_is_refused(make, count_of):
    await make(key())
    with pytest.raises(IdempotencyKeyReused):
        await make(key({"name": "b"}))
    assert await count_of(PositionRow) == 1


@pytest.mark.parametrize("other", [{"caller": "account-2"}, {"mutation": "break"}, {"key": "K"}, {"key": "ķ"}])
async def test_a_key_is_one_callers_for_one_mutation_byte_by_byte(make, count_of, other):
    assert await make(key()) != await make(key(**other))
    assert await count_of(PositionRow) == 2


async def test_a_refusal_keeps_nothing(make, base, count_of):
    async def refuse(session, id: str) -> None:
        raise NotFound("thing")

    with pytest.raises(NotFound):
        await once(base.database, base.clock, key(), refuse)
    assert await count_of(IdempotencyRow) == 0
    await make(key({"name": "mended"}))


async def test_the_id_may_be_given_and_what_was_kept_can_be_asked(make, base):
    async with base.database.reading() as session:
        assert await kept(session, key()) is None
    assert await make(key(), entity_id="chosen") == await make(key(), entity_id="another") == "chosen"
    async with base.database.reading() as session:
        assert await kept(session, key()) == "chosen"
        assert await kept(session, None) is None
        with pytest.raises(IdempotencyKeyReused):
            await kept(session, key({"name": "b"}))


@given(some.dictionaries(some.text(some.characters(codec="utf-8")), some.one_of(some.none(), some.booleans())))
def test_the_order_of_the_fields_makes_no_difference(fields):
    backwards = dict(reversed(fields.items()))
    assert claim("a", "m", "k", fields) == claim("a", "m", "k", backwards)


@given(some.text(some.characters(exclude_categories=[]), max_size=220))
def test_a_key_has_1_to_200_printable_characters(text):
    if 1 <= len(text) <= 200 and text.isprintable():
        assert claim("a", "m", text, {}) is not None
    else:
        with pytest.raises(InvalidInput):
            claim("a", "m", text, {})


async def test_a_concealed_password_is_the_same_for_the_same_request_alone():
    requests = [("secret", "a", "k"), ("secret!", "a", "k"), ("secret", "b", "k"), ("secret", "a", "l")]
    first = [await concealed(*request) for request in requests]
    assert first == [await concealed(*request) for request in requests]
    assert len(set(first)) == 4
    assert "secret" not in "".join(first)


def test_a_key_and_the_same_with_a_blank_are_two_keys_for_a_database_that_pads():
    plain, padded = (claim("someone", "doSomething", key, {}) for key in ("k", "k "))
    assert plain.key.strip() != padded.key.strip()
