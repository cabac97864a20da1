"""The language of templates: what renders, and what is refused before it could do harm."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from subgraphs.notifications.defaults import SHIPPED, default, every
from subgraphs.notifications.rules import KINDS, LINK_PLACEHOLDER, VARIABLES, Channel
from subgraphs.notifications.templates import FILTERS, MAXIMUM_SOURCE, Unfit, check, html_of, render, samples

BOOKED, EMAIL, SMS = "appointment.booked", Channel.EMAIL, Channel.SMS


def refusal(body: str, subject: str | None = "Subject", event: str = BOOKED, channel: Channel = EMAIL) -> str:
    with pytest.raises(Unfit) as refused:
        check(event, channel, subject, body)
    return f"{refused.value.part}: {refused.value}"


@pytest.mark.parametrize("locale", [*SHIPPED, "de", "en-IN"])
@pytest.mark.parametrize(("event", "channel"), every())
def test_every_default_is_a_good_template(event, channel, locale):
    letter = default(event, channel, locale)
    shown = check(event, channel, letter.subject, letter.body)
    assert (shown.subject is None) == (channel is SMS)
    assert ("accept" in f"{shown.subject} {shown.body}".lower()) == (event == "appointment.accepted")


def test_branches_filters_and_comparisons_render():
    body = (
        "{% if date == '2026-03-02' %}{{ patient_name|upper }}{% elif time %}b{% else %}c{% endif %}{{ 'x' if time }}"
    )
    assert check(BOOKED, SMS, None, body).body == "HUZAIFA ANSARIx"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{ password }}", "Line 1: `password` is no variable that can be said here. There are: patient_name,"),
        ("\n{{ patient_name", "Line 2: "),
        ("{% if time %}", "Line 1: "),
        ("{{ patient_name.__class__ }}", "the attribute `.__class__` has no place"),
        ("{{ patient_name['__class__'] }}", "an item of something has no place"),
        ("{{ patient_name|attr('__class__') }}", "there is no filter `attr`"),
        ("{{ ''.format(patient_name) }}", "has no place"),
        ("{% for i in range(3) %}x{% endfor %}", "`for` has no place"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "has no place"),
        ("{% set x = 1 %}", "`set` has no place"),
        ("{% include 'a' %}", "`include` has no place"),
        ("{% import 'a' as b %}", "`import` has no place"),
        ("{% extends 'a' %}", "`extends` has no place"),
        ("{{ self }}", "`self` is no variable"),
        ("{{ range }}", "`range` is no variable"),
        ("{{ lipsum(10) }}", "a call has no place"),
        ("{{ 10 ** 10 ** 10 }}", "arithmetic has no place"),
        ("{{ 'a' * 10 }}", "arithmetic has no place"),
        ("{{ 1 / 0 }}", "arithmetic has no place"),
        ("{{ 'a' ~ 'b' }}", "`~` has no place"),
        ("{{ patient_name|center(1000000000) }}", "there is no filter `center`"),
        ("{{ patient_name|trim(chars='a') }}", "a name for what a filter takes has no place"),
        ("{{ patient_name|nothing }}", "there is no filter `nothing`"),
        ("{% if time is defined %}x{% endif %}", "has no place"),
        ("{% raw %}{% endraw %}", "This says nothing."),
        ("  ", "This says nothing."),
        ("x" * (MAXIMUM_SOURCE + 1), "characters at most"),
        ("{{patient_name}}" * 490 + "x" * 2100, "This can be longer than the 100000 characters"),
        ("{{time}}" * 550, "This has too much in it: 500 pieces are the most."),
        ("{% if time %}" * 30 + "x" + "{% endif %}" * 30, "nested too deeply"),
        ("{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}", "nested too deeply"),
        ("{{ " + "not " * 2000 + "time }}", "nested too deeply"),
        ("{{ " + "9" * 5000 + " }}", "a number that is too large"),
    ],
)
def test_what_has_no_place_is_refused_at_once_and_named(body, says):
    began = time.monotonic()
    assert says in refusal(body)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "place",
    [
        "{% if time == 'never' %}{{ FAULT }}{% endif %}",
        "{% if time %}x{% else %}{{ FAULT }}{% endif %}",
        "{% if time == 'never' and FAULT %}x{% endif %}",
        "{% if time or FAULT %}x{% endif %}",
        "{{ 'b' if time == 'never' else ('c' if FAULT else 'd') }}",
        "{{ 'b' if time else (FAULT)|upper }}",
        "{{ time|default('a' if FAULT else 'b') }}",
        "{% if 'a' == ('b' if time else 'c' if FAULT else 'd') %}x{% endif %}",
    ],
)
@pytest.mark.parametrize(
    "fault",
    [
        *(
            "patient_name < 5",
            "5 >= patient_name",
            "time < '12:00' < 5",
            "5 in patient_name",
            "'a' in 5",
            "time > none",
        ),
        *(
            "patient_name == 5",
            "(not time) < '1'",
            "('a' if time) < 'b'",
            "(time or 5) < 'a'",
            "true|default(time) > 'a'",
        ),
    ],
)
def test_a_fault_is_found_wherever_it_stands(place, fault):
    assert "Line 2: only texts are compared" in refusal("x\n" + place.replace("FAULT", fault))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        *(("time|upper(1)", "`upper` takes nothing."), ("time|title(*time)", "`title` takes nothing.")),
        *(
            ("time|trim(5)", "`trim` takes one text at most."),
            ("time|trim('a', 'b')", "`trim` takes one text at most."),
        ),
        ("time|trim(**time)", "`trim` takes one text at most."),
        ("time|default(5)", "`default` takes a text, and `true` where it is to stand for an empty one too."),
        ("time|default('a', 1)", "`default` takes a text, and `true` where it is to stand for an empty one too."),
    ],
)
def test_a_filter_that_is_given_what_it_does_not_take_is_refused(said, words):
    assert refusal("x\n{{ " + said + " }}") == f"body: Line 2: the filter {words}"


def test_filters_take_what_they_may():
    body = "{{ time|trim }} {{ time|trim('1') }} {{ time|default('a') }} {{ ''|default('b'|upper, true) }}"
    assert check(BOOKED, SMS, None, body).body == "11:30 :30 11:30 B"


def _larger(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    words = ["<", ">=", "==", "!=", "in", "not in", "and", "or"]
    return some.one_of(
        some.tuples(inner, some.sampled_from(words), inner).map(lambda parts: f"({' '.join(parts)})"),
        some.tuples(inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]})"),
        some.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        some.tuples(inner, inner).map(lambda parts: f"({parts[0]})|default({parts[1]}, true)"),
        some.tuples(inner, some.sampled_from(FILTERS)).map(lambda parts: f"({parts[0]})|{parts[1]}"),
        inner.map(lambda part: f"(not {part})"),
    )


EXPRESSIONS = some.recursive(
    some.sampled_from(["patient_name", "time", "date", "'a'", "''", "5", "true", "none"]), _larger, max_leaves=6
)
VALUES = some.fixed_dictionaries({name: some.text(max_size=3) for name in KINDS[BOOKED].variables})


@settings(max_examples=500, deadline=2000)
@given(EXPRESSIONS, some.lists(VALUES, min_size=3, max_size=3))
def test_what_is_accepted_renders_whatever_its_variables_hold(said, held):
    body = f"x{{% if {said} %}}{{{{ {said} }}}}{{% endif %}}"
    if outcome(body).startswith("x"):
        assert all(render(EMAIL, body, body, values).body.startswith("x") for values in held)
    else:
        assert outcome(body).startswith("Line 1: ")


def test_a_subject_is_one_line_whatever_is_said_in_it():
    evil = samples(BOOKED) | {"patient_name": "A\r\nBcc: b@example.com\u2028C\u0085D\x0bE\tF"}
    letter = render(EMAIL, "For {{ patient_name }}\nand\r\nme", "x", evil)
    assert letter.subject == "For A Bcc: b@example.com C D E F and me"


def test_a_fault_of_the_subject_is_said_to_be_its():
    assert refusal("x", "{{ nothing }}").startswith("subject: Line 1: `nothing`")
    assert refusal("{{ link }}", "{{ link }}", "password.reset").startswith("subject: Line 1: `link`")


@pytest.mark.parametrize("body", ["no link", "{{ link|upper }}", "x{% if link == 'x' %}{{ link }}{% endif %}"])
def test_a_mail_with_a_link_says_it_unchanged(body):
    assert "has to say {{ link }}" in refusal(body, event="password.reset")


def test_an_sms_is_no_longer_than_a_provider_takes():
    assert "longer than the 1600 characters" in refusal("x" * 1601, None, channel=SMS)
    assert "longer than the 1600 characters" in refusal("x" * 1401 + "{{ patient_name }}", None, channel=SMS)
    check(BOOKED, SMS, None, "x" * 1400 + "{{ patient_name }}")


@pytest.mark.parametrize(
    "said", ["time == '09:00' and LONG", "time or LONG", "('a' if time else LONG)|upper", "time|default(LONG, true)"]
)
def test_what_could_be_too_long_with_other_values_is_refused_too(said):
    body = "{{ " + said.replace("LONG", "'" + "x" * 1601 + "'") + " }}"
    assert "longer than the 1600 characters" in refusal(body, None, channel=SMS)


def test_html_is_the_text_in_paragraphs_with_nothing_that_runs():
    text = 'Dear <b>"A"</b>,\n\none\ntwo\n\nhttp://h.test#token=a&b\n'
    assert html_of(text, "http://h.test#token=a&b") == (
        "<p>Dear &lt;b&gt;&quot;A&quot;&lt;/b&gt;,</p>\n<p>one<br>\ntwo</p>\n"
        '<p><a href="http://h.test#token=a&amp;b">http://h.test#token=a&amp;b</a></p>\n'
    )


PIECES = some.sampled_from(
    [
        *("{{ ", " }}", "{% ", " %}", "if ", "else", "elif ", "endif", "for i in ", "patient_name", "link", "time"),
        *(
            "|upper",
            "|e",
            "|attr('x')",
            ".x",
            "[0]",
            "(",
            ")",
            "'",
            "**",
            "*",
            "9",
            "~",
            "range",
            "{#",
            "#}",
            "\n",
            "é",
        ),
    ]
)


@settings(max_examples=300, deadline=2000)
@given(some.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_written_is_a_good_template_or_refused_in_words(body):
    said = outcome(body)
    assert said.strip()


def outcome(body: str) -> str:
    """What it renders to, or why it does not."""
    try:
        return check(BOOKED, EMAIL, "Subject", body).body
    except Unfit as unfit:
        return str(unfit)


@given(some.dictionaries(some.sampled_from(sorted(KINDS[BOOKED].variables)), some.text(max_size=200)))
def test_whatever_a_variable_holds_the_default_renders_with_a_subject_of_one_line(values):
    letter = default(BOOKED, EMAIL, "en")
    made = render(EMAIL, letter.subject, letter.body, samples(BOOKED) | values)
    assert len((made.subject or "").splitlines()) == 1


def test_every_variable_is_used_and_known():
    used = {name for kind in KINDS.values() for name in kind.variables}
    assert used == set(VARIABLES)
    assert VARIABLES["link"].sample == LINK_PLACEHOLDER
