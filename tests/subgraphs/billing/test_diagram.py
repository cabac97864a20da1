"""The page about money draws the states as the rules have them."""

from dataclasses import replace

import pytest

from subgraphs.billing import diagram
from subgraphs.billing.rules import REFUND, PaymentStatus


def test_the_page_is_as_the_rules_are(capsys):
    assert diagram.main(["--check"]) == 0, "run `python -m subgraphs.billing.diagram`"


def test_a_rule_that_changes_is_noticed(monkeypatch):
    changed = replace(REFUND, targets=frozenset({PaymentStatus.FAILED}))
    monkeypatch.setitem(diagram.DRAWN, "payment", ("PENDING", (changed,)))
    assert diagram.main(["--check"]) == 1


def test_a_page_without_a_place_for_them_is_refused():
    with pytest.raises(SystemExit):
        diagram.drawn("# Money")
