"""Draws the states of appointments, bills, payments and claims in docs/states.md from the rules of their domains."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from subgraphs.appointments import rules as appointments
from subgraphs.billing import rules as billing

PAGE = Path(__file__).resolve().parents[1] / "docs" / "states.md"


@dataclass(frozen=True, slots=True)
class Step:
    """From one state to another, or back to itself, and what is done then."""

    source: str
    target: str
    done: str


def of_appointments(moves: Sequence[appointments.Move]) -> Iterator[Step]:
    for move in moves:
        done = f"{move.done}, once the slot begins" if move.begun else move.done
        for source in sorted(move.sources):
            yield Step(source, move.target or source, done)


def of_billing(moves: Sequence[billing.Move]) -> Iterator[Step]:
    for move in moves:
        for source in sorted(move.sources):
            for target in sorted(move.targets):
                yield Step(source, target, move.done)


def steps() -> Mapping[str, tuple[str, list[Step]]]:
    """By noun: the first state, and every step."""
    return {
        "appointment": (appointments.Status.PENDING, list(of_appointments(appointments.MOVES))),
        "bill": (billing.BillStatus.PENDING, list(of_billing(billing.BILL_MOVES))),
        "payment": (billing.PaymentStatus.PENDING, list(of_billing(billing.PAYMENT_MOVES))),
        "claim": (billing.ClaimStatus.SUBMITTED, list(of_billing(billing.CLAIM_MOVES))),
    }


def diagram(first: str, steps: Sequence[Step]) -> str:
    """Mermaid. What nothing leads on from is an end."""
    lines = ["stateDiagram-v2", f"  [*] --> {first}"]
    lines += [f"  {step.source} --> {step.target}: {step.done}" for step in steps]
    ends = {step.target for step in steps} - {step.source for step in steps}
    return "\n".join([*lines, *(f"  {end} --> [*]" for end in sorted(ends))])


def drawn(page: str) -> str:
    """The page with every diagram as the rules have it now."""
    for noun, (first, found) in steps().items():
        block = f"<!-- {noun} -->\n```mermaid\n{diagram(first, found)}\n```\n<!-- end -->"
        page, places = re.subn(rf"<!-- {noun} -->.*?<!-- end -->", block, page, flags=re.DOTALL)
        if places != 1:
            raise SystemExit(f"{PAGE.name} has no place for the states of a {noun}.")
    return page
