from dataclasses import dataclass

import pytest

from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.importing import Imported, keys_of, taken


@dataclass(frozen=True)
class Thing:
    import_key: str
    is_good: bool = True


def make(id: str, given: Thing) -> str:
    if not given.is_good:
        raise InvalidInput("It is bad.")
    return id


def test_each_is_taken_once_and_a_bad_one_is_refused_alone():
    outcome = Imported(ids={"known": "its id"})
    made = taken([Thing("known"), Thing("new"), Thing("bad", False), Thing("new"), Thing("last")], outcome, make)
    assert made == [outcome.ids["new"], outcome.ids["last"]]
    assert all(map(is_id, made))
    assert outcome.ids.keys() == {"known", "new", "last"}
    assert (outcome.refused, outcome.made) == ({"bad": "It is bad."}, 2)


@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb", "\ud800"])
def test_a_key_that_is_none_is_refused_and_not_looked_for(key):
    outcome = Imported()
    assert taken([Thing(key)], outcome, make) == []
    assert list(outcome.refused) == [key]
    assert keys_of([Thing(key), Thing("good")]) == {"good"}
