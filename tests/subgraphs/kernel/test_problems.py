import pytest

from subgraphs.kernel.errors import InvalidInput, NotFound, Refused
from subgraphs.kernel.problems import checked


def refuse(error):
    raise error


def test_what_the_rules_give_comes_by_name():
    assert checked({"a": lambda: 1, "b": lambda: None}) == {"a": 1, "b": None}


def test_the_problems_of_all_rules_are_told_together():
    rules = {
        "a": lambda: refuse(InvalidInput("Not that.", "a")),
        "b": lambda: 2,
        "c": lambda: refuse(NotFound("doctor", "c")),
    }
    with pytest.raises(Refused) as caught:
        checked(rules)
    told = [(problem.code, problem.field) for problem in caught.value.problems]
    assert told == [("INVALID_INPUT", ("a",)), ("NOT_FOUND", ("c",))]
