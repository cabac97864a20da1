"""What was measured against its limit: one line each, and whether all held."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Round:
    """The same measured here and of what it is compared to, one right after the other."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


class Verdicts:
    def __init__(self) -> None:
        self.broken = False

    def at_most(self, rounds: Sequence[Round], times: float) -> None:
        measured, ratio = _middle(rounds)
        self._say(measured, ratio <= times, f"{times:.0f} times", "MORE THAN")

    @staticmethod
    def report(what: str, rounds: Sequence[Round]) -> None:
        """Without a limit."""
        print(f"  {what}: {_middle(rounds)[0]}", flush=True)

    def faster_than(self, rounds: Sequence[Round], a_second: float) -> None:
        reached, best = 1000 / median(each.ours for each in rounds), 1000 / min(each.ours for each in rounds)
        measured = f"{reached:.0f} a CPU second ({best:.0f} in the quietest round)"
        self._say(measured, reached > a_second, f"more than {a_second:.0f}", "NOT")

    def at_least(self, text: str, value: float, limit: float) -> None:
        self._say(text, value >= limit, f"at least {limit:.2f}", "NOT")

    def within(self, text: str, value: float, limit: float) -> None:
        self._say(text, value <= limit, f"{limit:.0f}", "MORE THAN")

    def _say(self, measured: str, holds: bool, limit: str, broken: str) -> None:
        self.broken = self.broken or not holds
        print(f"  {measured}: {'within' if holds else broken} {limit}", flush=True)


def _middle(rounds: Sequence[Round]) -> tuple[str, float]:
    """The middle round counts: on a machine that others use too, one may say anything."""
    middle = sorted(rounds, key=lambda round: round.ratio)[len(rounds) // 2]
    spread = f"{min(each.ratio for each in rounds):.1f} to {max(each.ratio for each in rounds):.1f}"
    measured = f"{middle.ours:.2f} ms of CPU time, by hand {middle.theirs:.2f} ms: {middle.ratio:.1f} times"
    return f"{measured} ({spread})", middle.ratio
