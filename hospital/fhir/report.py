"""What became of an export's lines: counted by kind, and each that could not be taken said at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

MAXIMUM_REASON = 300


@dataclass(slots=True)
class Tally:
    """Lines of one kind: `made` are new here, `known` were here before."""

    lines: int = 0
    made: int = 0
    known: int = 0
    refused: int = 0


@dataclass(slots=True)
class Report:
    """`say` gets a line for each that was not taken; `passed_over` counts the lines of kinds not yet taken."""

    say: Callable[[str], None]
    tallies: dict[str, Tally] = field(default_factory=dict)
    passed_over: dict[str, int] = field(default_factory=dict)

    def of(self, kind: str) -> Tally:
        return self.tallies.setdefault(kind, Tally())

    def refuse(self, kind: str, place: str, reason: str) -> None:
        self.of(kind).refused += 1
        self.say(f"{place}: {_in_one_line(reason)}")

    @property
    def refused(self) -> int:
        return sum(tally.refused for tally in self.tallies.values())


def _in_one_line(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= MAXIMUM_REASON else f"{shown[:MAXIMUM_REASON]}…"
