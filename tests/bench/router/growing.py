"""Whether a request to our router costs more only as its answer is larger, and not for what was asked before."""

import statistics

from tests.bench.router.contenders import Running
from tests.bench.router.measuring import answer_of, body_of, measure, resident_mb_of
from tests.bench.router.subgraphs import RecordedSubgraphs

_FEW, _MANY, _AT_MOST_TIMES = 100, 1_000, 11.0
_DOCUMENTS, _AT_MOST_TIMES_AFTER, _AT_MOST_MB_MORE = 5_000, 1.15, 100.0
_ROUNDS = 3
_KEPT, _DOCUMENTS_A_TURN, _TURN_SECONDS = 1_000, 400, 1.0
_ITEMS = (
    "query Volumes($first: Int!) { volumes(first: $first) { id title pages onShelf copies room stars opinionCount } }"
)


async def grows_evenly(router: Running, fresh: Running, subgraphs: RecordedSubgraphs, seconds: float) -> bool:
    """`fresh` is another process of the same router, which is shown nothing but what both are measured by."""
    few, many = body_of(_ITEMS, first=_FEW), body_of(_ITEMS, first=_MANY)
    costs: dict[bytes, list[float]] = {few: [], many: []}
    for body in costs:
        await answer_of(router, body)
    for _ in range(_ROUNDS):
        for body, found in costs.items():
            found.append((await measure(router, subgraphs, body, seconds)).cpu_ms)
    times = statistics.median(costs[many]) / statistics.median(costs[few])
    print(f"\n{_MANY} items cost {times:.1f} times as much as {_FEW}; at most {_AT_MOST_TIMES}.")
    return times <= _AT_MOST_TIMES and await _stays_flat(router, fresh, subgraphs, few)


async def _stays_flat(router: Running, fresh: Running, subgraphs: RecordedSubgraphs, body: bytes) -> bool:
    """After thousands of documents, each seen once, of which the first fill the cache.

    What a request costs depends on where the memory lies that it is given, by some percent, and that changes with each
    document: so it is measured after each some.
    """
    await answer_of(fresh, body)
    await _show(router, range(_KEPT))
    full, turns = resident_mb_of(router), list[float]()
    for number in range(_KEPT, _DOCUMENTS, _DOCUMENTS_A_TURN):
        await _show(router, range(number, number + _DOCUMENTS_A_TURN))
        turns.append(await _turn(router, fresh, subgraphs, body))
    times, more = statistics.median(turns), resident_mb_of(router) - full
    print(
        f"After up to {_DOCUMENTS} documents a request costs {times:.2f} times as much ({min(turns):.2f} to"
        f" {max(turns):.2f}); at most {_AT_MOST_TIMES_AFTER}."
    )
    print(f"Those that the cache had no room for took {more:.0f} MB; at most {_AT_MOST_MB_MORE:.0f}.")
    return times <= _AT_MOST_TIMES_AFTER and more <= _AT_MOST_MB_MORE


async def _turn(router: Running, fresh: Running, subgraphs: RecordedSubgraphs, body: bytes) -> float:
    """How many times as much as the fresh one's a request costs. Each goes first once: a machine changes in seconds."""
    costs = {router.port: 0.0, fresh.port: 0.0}
    for one in (fresh, router, router, fresh):
        costs[one.port] += (await measure(one, subgraphs, body, _TURN_SECONDS)).cpu_ms
    return costs[router.port] / costs[fresh.port]


async def _show(router: Running, numbers: range) -> None:
    for number in numbers:
        await answer_of(router, body_of(f"query Seen{number} {{ volume(id: 1) {{ title onShelf stars }} }}"))
