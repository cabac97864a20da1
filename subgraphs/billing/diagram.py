"""Draws the states of bills, payments and claims in docs/money.md from the rules; `--check` compares.

A file of its own, run by hand as `python -m subgraphs.billing.diagram`: so the page and the rules cannot part.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from subgraphs.billing.rules import BILL_MOVES, CLAIM_MOVES, PAYMENT_MOVES, Move

PAGE = Path(__file__).resolve().parents[2] / "docs" / "money.md"
DRAWN: dict[str, tuple[str, Sequence[Move]]] = {
    "bill": ("PENDING", BILL_MOVES),
    "payment": ("PENDING", PAYMENT_MOVES),
    "claim": ("SUBMITTED", CLAIM_MOVES),
}
"""By noun: the first state, and what leads on from it."""


def diagram(first: str, moves: Sequence[Move]) -> str:
    """Mermaid."""
    lines = ["stateDiagram-v2", f"  [*] --> {first}"]
    for move in moves:
        for source in sorted(move.sources):
            lines += [f"  {source} --> {target}: {move.done}" for target in sorted(move.targets) if target != source]
    return "\n".join(lines)


def drawn(page: str) -> str:
    """The page with every diagram as the rules have it now."""
    for noun, (first, moves) in DRAWN.items():
        block = f"<!-- {noun} -->\n```mermaid\n{diagram(first, moves)}\n```\n<!-- end -->"
        page, found = re.subn(rf"<!-- {noun} -->.*?<!-- end -->", block, page, flags=re.DOTALL)
        if found != 1:
            raise SystemExit(f"{PAGE.name} has no place for the states of a {noun}.")
    return page


def main(arguments: Sequence[str]) -> int:
    page = PAGE.read_text("utf-8")
    if "--check" in arguments:
        return 0 if drawn(page) == page else 1
    PAGE.write_text(drawn(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
