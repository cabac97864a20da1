"""What planning one operation may cost, in steps and processor time, so that a hostile one is given up."""

import time
from dataclasses import dataclass, field

from router.planner.errors import PlanningError

MOST_STEPS = 50_000
MOST_SECONDS = 1.0


@dataclass
class Budget:
    steps: int = MOST_STEPS
    ends_at: float = field(default_factory=lambda: time.thread_time() + MOST_SECONDS)

    @property
    def is_tight(self) -> bool:
        """Time to take what has been found rather than look for better."""
        return self.steps < MOST_STEPS // 2 or time.thread_time() > self.ends_at - MOST_SECONDS / 2

    def spend(self, steps: int = 1) -> None:
        """Of no steps, it only looks at the time."""
        self.steps -= steps
        if self.steps < 0 or time.thread_time() > self.ends_at:
            raise PlanningError("The operation is too complex to plan.")
