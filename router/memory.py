"""What the garbage collector looks at, and how often: its collections stop everything while they look."""

import gc

_YOUNG = 10_000
"""How many more objects are made than freed before it looks at the young ones; by default 700, often in a request.

Ten thousand that are garbage, as documents leave behind that are refused, take it 20 ms.
"""
_OLDER, _OLDEST = 10, 200
"""How often it looks at those that it has seen once or twice: the first take 30 ms."""


def settle_memory() -> None:
    """Hides all that lives now from further collections, and makes these rarer: they took a sixth of the CPU time.

    What is hidden and dies in a cycle is never freed: do it when the application is made, and a bounded number of times
    after that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDEST)


def free_young() -> None:
    """What planning leaves behind lies in cycles: that of fifty plans at once would stop everything for 70 ms."""
    gc.collect(0)


def settle_memory_again() -> None:
    """For when much of what was hidden has been replaced: that is freed, and the rest hidden once more."""
    gc.unfreeze()
    settle_memory()
