"""Filling an empty hospital with a believable one, the same for the same seed; cut short, it goes on where it was.

What is past is imported. What is to come is booked and decided on like anything else, so every claim on time holds.
"""

from collections.abc import Callable

from hospital.demo.filling import Filling
from hospital.demo.kinds import bills, bookings, logins, people, records, visits
from hospital.demo.plan import Plan
from hospital.runtime import Runtime

KINDS = (people, logins, visits, records, bills, bookings)
"""In this order. One more kind is one more file in `kinds/`: how much of it a plan holds, and how it is written.

One that draws by chance does so with a `Random` of its own, made of the seed and its name, so that the others stay as
they are.
"""

OnProgress = Callable[[str, int, int], None]
"""Gets what is at hand, how much of everything is done, and how much everything is."""


def size(plan: Plan) -> int:
    return sum(kind.size(plan) for kind in KINDS)


async def fill(runtime: Runtime, plan: Plan, password: str, on_progress: OnProgress) -> None:
    done, whole = 0, size(plan)

    def advanced(label: str, count: int) -> None:
        nonlocal done
        done += count
        on_progress(label, done, whole)

    filling = Filling(runtime, plan, password, advanced)
    with runtime.delivery.without_handover():
        for kind in KINDS:
            await kind.fill(filling)
        advanced("Audit trail", 0)
        await runtime.delivery.settled()
