import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import InvalidInput, Refused
from subgraphs.kernel.text import is_text, lines, name, one_line

ANY_TEXT = some.text(some.characters(exclude_categories=[]), max_size=30)
BREAKS = {"\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"}


@given(some.sampled_from([one_line, name]), ANY_TEXT)
def test_what_is_taken_as_a_line_is_one_that_can_be_kept(rule, text):
    try:
        kept = rule(text, "It", 20)
    except Refused:
        return
    assert kept == text.strip()
    assert 1 <= len(kept) <= 20
    assert not BREAKS & set(kept)
    assert kept.encode()


@given(ANY_TEXT)
def test_what_is_taken_as_lines_can_be_kept(text):
    try:
        kept = lines(text, "It", 20)
    except Refused:
        return
    assert kept == (text.strip() or None)
    assert len(kept or "") <= 20
    assert is_text(kept or "")


@pytest.mark.parametrize("text", ["", " ", "x" * 21, "a\nb", "a\0b", "\ud800", "a\u2028b", "a\x9fb"])
def test_what_is_no_line_is_refused_with_its_field(text):
    with pytest.raises(InvalidInput, match="It is one line of 1 to 20 characters") as caught:
        one_line(text, "It", 20, "reason")
    assert caught.value.problems[0].field == ("reason",)


@pytest.mark.parametrize("text", ["7", "हुज़ैफ़ा", "  Zoë ", "O'Brien", "क्\u200dष"])
def test_a_name_is_a_line_with_a_letter_or_a_digit_in_any_script(text):
    assert name(text, "A name", 20) == text.strip()


@pytest.mark.parametrize("text", ["-", "...", "🐎", "%", "a\nb", ""])
def test_without_a_letter_or_a_digit_it_is_no_name(text):
    with pytest.raises(InvalidInput):
        name(text, "A name", 20)


@pytest.mark.parametrize(
    "unseen", [*"\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u00ad\u061c\ufeff", "\U000e0041"]
)
def test_what_turns_text_round_or_is_not_seen_is_refused_but_where_text_is_pasted(unseen):
    for rule in (one_line, name):
        with pytest.raises(InvalidInput):
            rule(f"Asha{unseen} Rao", "It", 20)
    assert lines(f"Pasted{unseen} text", "It", 20) == f"Pasted{unseen} text"


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "שרה", "سارة"])
def test_joiners_and_scripts_from_right_to_left_are_text(text):
    for rule in (one_line, name, lines):
        assert rule(text, "It", 20) == text


def test_lines_may_break_and_may_be_none_at_all():
    assert lines(" one\r\n\ttwo ", "It", 20) == "one\r\n\ttwo"
    assert lines(None, "It", 20) is lines(" \n ", "It", 20) is None


@pytest.mark.parametrize("text", ["x" * 21, "a\0b", "\ud800", "a\u2028b"])
def test_lines_that_are_too_long_or_cannot_be_printed_are_refused(text):
    with pytest.raises(InvalidInput):
        lines(text, "It", 20)


@given(ANY_TEXT)
def test_it_is_text_exactly_when_it_can_be_encoded(text):
    assert is_text(text) == (text.encode(errors="ignore").decode() == text)
