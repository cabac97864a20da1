"""The page about templates says what holds."""

import re

from subgraphs.notifications.reference import PAGE, written_anew
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.templates import MAXIMUM_RESULT, MAXIMUM_SOURCE, check

TEXT = PAGE.read_text("utf-8")


def test_its_lists_are_those_of_the_code():
    """Run `python -m subgraphs.notifications.reference` where this fails."""
    assert written_anew(TEXT) == TEXT
    assert "| `payment.succeeded` | EMAIL, SMS | `patient_name`, `bill_number`, `amount`, `currency` |" in TEXT


def test_its_numbers_are_those_of_the_code():
    for number in (MAXIMUM_SOURCE, *MAXIMUM_RESULT.values()):
        assert f"{number:,}" in TEXT


def test_its_example_is_a_good_template():
    [subject, body] = re.findall(r'^    (?:subject|body): "(.*)"$', TEXT, re.MULTILINE)
    assert "Good morning!" in check("appointment.accepted", Channel.EMAIL, subject, body.replace("\\n", "\n")).body
