"""The page of states draws them as the rules have them."""

from dataclasses import replace

import pytest

from schema import states
from schema.states import PAGE, Step, diagram, drawn
from subgraphs.appointments import rules as appointments
from subgraphs.billing import rules as billing


def test_the_page_is_as_the_rules_are():
    assert drawn(PAGE.read_text()) == PAGE.read_text(), "run `make schema`"


def test_every_state_of_the_rules_is_drawn():
    statuses = (appointments.Status, billing.BillStatus, billing.PaymentStatus, billing.ClaimStatus)
    for (_, steps), status in zip(states.steps().values(), statuses, strict=True):
        assert {end for step in steps for end in (step.source, step.target)} == set(status)


@pytest.mark.parametrize(
    ("domain", "name", "changed"),
    [
        (appointments, "MOVES", replace(appointments.CANCEL, sources=frozenset({appointments.Status.CHECKED_IN}))),
        (billing, "PAYMENT_MOVES", replace(billing.REFUND, targets=frozenset({billing.PaymentStatus.FAILED}))),
    ],
)
def test_a_rule_that_changes_is_noticed(monkeypatch, domain, name, changed):
    moves = [changed if move.done == changed.done else move for move in getattr(domain, name)]
    monkeypatch.setattr(domain, name, moves)
    assert drawn(PAGE.read_text()) != PAGE.read_text()


def test_a_diagram_begins_and_ends():
    steps = [Step("OPEN", "OPEN", "moved"), Step("OPEN", "SHUT", "shut")]
    assert diagram("OPEN", steps).splitlines() == [
        "stateDiagram-v2",
        "  [*] --> OPEN",
        "  OPEN --> OPEN: moved",
        "  OPEN --> SHUT: shut",
        "  SHUT --> [*]",
    ]


def test_a_page_without_a_place_for_them_is_refused():
    with pytest.raises(SystemExit):
        drawn("# States")
