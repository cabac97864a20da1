"""Whether a request to our router costs more only as its answer is larger, and not for what was asked before."""

import statistics

from tests.bench.router.contenders import Running
from tests.bench.router.measuring import answer_of, body_of, measure
from tests.bench.router.subgraphs import RecordedSubgraphs

_FEW, _MANY, _AT_MOST_TIMES = 100, 1_000, 11.0
_DOCUMENTS, _AT_MOST_TIMES_AFTER, _AT_MOST_MB_MORE = 5_000, 1.15, 100.0
_ROUNDS = 3
_ITEMS = (
    "query Volumes($first: Int!) { volumes(first: $first) { id title pages onShelf copies room stars opinionCount } }"
)


async def grows_evenly(router: Running, subgraphs: RecordedSubgraphs, seconds: float) -> bool:
    few, many = body_of(_ITEMS, first=_FEW), body_of(_ITEMS, first=_MANY)
    costs: dict[bytes, list[float]] = {few: [], many: []}
    for body in costs:
        await answer_of(router, body)
    for _ in range(_ROUNDS):
        for body, found in costs.items():
            found.append((await measure(router, subgraphs, body, seconds)).cpu_ms)
    times = statistics.median(costs[many]) / statistics.median(costs[few])
    print(f"\n{_MANY} items cost {times:.1f} times as much as {_FEW}; at most {_AT_MOST_TIMES}.")
    return times <= _AT_MOST_TIMES and await _stays_flat(router, subgraphs, few, seconds)


async def _stays_flat(router: Running, subgraphs: RecordedSubgraphs, body: bytes, seconds: float) -> bool:
    """After thousands of documents, each seen once. The cache is full long before the last of them."""
    before = await measure(router, subgraphs, body, seconds)
    await _show(router, range(_DOCUMENTS // 2))
    full = await measure(router, subgraphs, body, seconds)
    await _show(router, range(_DOCUMENTS // 2, _DOCUMENTS))
    after = await measure(router, subgraphs, body, seconds)
    times, more = after.cpu_ms / before.cpu_ms, after.resident_mb - full.resident_mb
    print(f"After {_DOCUMENTS} documents a request costs {times:.2f} times as much; at most {_AT_MOST_TIMES_AFTER}.")
    print(f"The second half of them took {more:.0f} MB; at most {_AT_MOST_MB_MORE:.0f}.")
    return times <= _AT_MOST_TIMES_AFTER and more <= _AT_MOST_MB_MORE


async def _show(router: Running, numbers: range) -> None:
    for number in numbers:
        await answer_of(router, body_of(f"query Seen{number} {{ volume(id: 1) {{ title onShelf stars }} }}"))
