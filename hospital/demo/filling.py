"""What every kind of demo data is written with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hospital.demo.plan import Plan
from hospital.runtime import Runtime
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.principal import Principal

ACTOR = "demo"
BATCH = 100

T = TypeVar("T")


@dataclass
class Filling:
    """`advanced` gets what is at hand, and how much more of it is done.

    `doctors` and `patients` are their ids in the plan's order, `visits` those of past appointments by number, `logins`
    who may sign in, by e-mail: each is there from its kind on.
    """

    runtime: Runtime
    plan: Plan
    password: str
    advanced: Callable[[str, int], None]
    doctors: list[str] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)
    visits: dict[int, str] = field(default_factory=dict)
    logins: dict[str, Principal] = field(default_factory=dict)

    async def in_batches(
        self, label: str, items: Sequence[T], take: Callable[[Sequence[T]], Awaitable[Imported]]
    ) -> dict[str, str]:
        """The ids of all, by import key. Raises RuntimeError where one is refused: the plan is wrong then."""
        ids: dict[str, str] = {}
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            outcome = await take(batch)
            if outcome.refused:
                raise RuntimeError(f"the demo data does not fit: {next(iter(outcome.refused.items()))}")
            ids |= outcome.ids
            self.advanced(label, len(batch))
        return ids
