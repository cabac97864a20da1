import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.search import (
    MAXIMUM_SORT_KEY,
    MAXIMUM_WORD,
    next_prefix,
    normalise,
    search_text,
    sort_key,
    words,
)

ANY_TEXT = some.text(some.characters(exclude_categories=[]))


@given(ANY_TEXT)
def test_what_is_normal_stays_as_it_is(text):
    normal = normalise(text)
    assert normalise(normal) == normal
    assert normal == " ".join(normal.split(" ")).strip()


@given(ANY_TEXT)
def test_the_case_makes_no_difference(text):
    assert normalise(text.casefold()) == normalise(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Zoë   ÁNGSTRÖM ", "zoe angstrom"),
        ("O'Brien-Smith", "o brien smith"),
        ("Straße", "strasse"),
        ("ﬁne ℌouse", "fine house"),
        ("Łukasz Sørensen Đặng Ðóra Þór", "lukasz sorensen dang dora thor"),
        ("Ǽsop Œuvre Yıldız İSTANBUL Ħamrun", "aesop oeuvre yildiz istanbul hamrun"),
        ("क्\u200dष می\u200cخواهم", "कष میخواهم"),
        ("हुज़ैफ़ा", "हुजैफा"),
        ("100% a_b", "100% a_b"),
        ("\x00\ud800!", ""),
    ],
)
def test_how_text_is_normalised(text, normal):
    assert normalise(text) == normal


@given(ANY_TEXT)
def test_words_are_distinct_sorted_and_no_longer_than_an_index_keeps(text):
    found = words(text)
    assert found == sorted(set(found))
    assert all(0 < len(word) <= MAXIMUM_WORD for word in found)


@given(some.text(some.characters(codec="utf-8"), min_size=1), some.text(some.characters(codec="utf-8")))
def test_the_span_of_a_prefix_holds_what_begins_with_it_and_nothing_else(prefix, other):
    assert prefix <= prefix + other <= next_prefix(prefix) or other.startswith("\U0010ffff")
    if not other.startswith(prefix):
        assert not prefix <= other < next_prefix(prefix)


@given(ANY_TEXT)
def test_a_sort_key_is_no_longer_than_an_index_keeps(text):
    assert len(sort_key(text)) <= MAXIMUM_SORT_KEY
    assert sort_key(text * 50) == sort_key((text * 50).casefold())


def test_a_search_is_without_blanks_around_it_and_of_some_length():
    assert search_text("  asha ") == "asha"
    assert search_text(None) is search_text(" \n") is None
    assert search_text(" " + "x" * 200) == "x" * 200
    with pytest.raises(BadUserInput):
        search_text("x" * 201)
