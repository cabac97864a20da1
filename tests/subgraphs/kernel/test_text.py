import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import InvalidInput, Refused
from subgraphs.kernel.text import is_text, lines, name, one_line

ANY_TEXT = some.text(some.characters(exclude_categories=[]), max_size=30)
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063"
    "\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164\ufeff\uffa0"
)
AROUND = UNSEEN + "".join(filter(str.isspace, map(chr, range(sys.maxunicode))))
BREAKS = {"\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"}


@given(some.sampled_from([one_line, name]), ANY_TEXT)
def test_what_is_taken_as_a_line_is_one_that_can_be_kept(rule, text):
    try:
        kept = rule(text, "It", 20)
    except Refused:
        return
    assert kept == text.strip(AROUND)
    assert 1 <= len(kept) <= 20
    assert not BREAKS & set(kept)
    assert kept.encode()


@given(ANY_TEXT)
def test_what_is_taken_as_lines_can_be_kept(text):
    try:
        kept = lines(text, "It", 20)
    except Refused:
        return
    assert kept == (text.strip(AROUND) or None)
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


@pytest.mark.parametrize("selector", ["\U000e0100", "\U000e01ef", "\ufe00"])
def test_a_name_says_which_form_of_a_character_it_is_written_with(selector):
    for rule in (one_line, name, lines):
        assert rule(f"辻{selector} 花子", "A name", 20) == f"辻{selector} 花子"


@pytest.mark.parametrize("text", ["-", "...", "🐎", "%", "a\nb", ""])
def test_without_a_letter_or_a_digit_it_is_no_name(text):
    with pytest.raises(InvalidInput):
        name(text, "A name", 20)


@pytest.mark.parametrize("unseen", [*UNSEEN, "\U000e0000", "\U000e0041", "\U000e00ff", "\U000e01f0"])
def test_what_turns_text_round_or_is_not_seen_is_refused_but_where_text_is_pasted(unseen):
    for rule in (one_line, name):
        with pytest.raises(InvalidInput, match=rf"It holds a character that is not seen \(U\+{ord(unseen):04X}\)\."):
            rule(f"Asha{unseen} Rao", "It", 20)
    assert lines(f"Pasted{unseen} text", "It", 20) == f"Pasted{unseen} text"


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_is_not_seen_around_a_text_is_no_part_of_it(unseen):
    for rule in (one_line, name, lines):
        assert rule(f"{unseen} سارة \u200b{unseen}", "It", 20) == "سارة"
    assert lines(f" {unseen} ", "It", 20) is None
    for rule in (one_line, name):
        with pytest.raises(InvalidInput):
            rule(unseen, "It", 20)


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
