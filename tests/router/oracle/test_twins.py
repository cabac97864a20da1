import random

import pytest
from graphql import build_schema, parse, print_ast, validate

from tests.router.oracle.twins import with_twin

SCHEMA = build_schema(
    "type Query { bed: Bed } type Frame { no: Int }"
    " type Bed { size: Int rent(days: Int!): Int rails: Int frame: Frame }"
)


@pytest.mark.parametrize("query", ["{ bed { size } }", "{ bed { ... on Bed { size } frame { no } } }"])
def test_a_twin_asks_for_another_field_under_the_same_key(query: str) -> None:
    found = with_twin(SCHEMA, parse(query), random.Random(1))

    text = " ".join(print_ast(found).split())
    assert text.startswith(query.removesuffix(" }"))
    assert "twin: " in text
    assert "size: rails" in text
    assert validate(SCHEMA, found) == []


def test_where_nothing_has_fields_of_its_own_there_is_no_twin() -> None:
    document = parse("{ __typename }")

    assert with_twin(SCHEMA, document, random.Random(1)) is document
