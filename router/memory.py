"""What the garbage collector looks at, and how often: its collections stop everything while they look."""

import gc

_YOUNG = 50_000
"""How many more objects are made than freed before it looks at the young ones; by default 700, often in a request."""


def settle_memory() -> None:
    """Hides all that lives now from further collections, and makes these rarer: they took a sixth of the CPU time.

    What is hidden and dies in a cycle is never freed: do it when the application is made, and a bounded number of times
    after that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)


def free_young() -> None:
    """What planning leaves behind lies in cycles: that of fifty plans at once would stop everything for 70 ms."""
    gc.collect(0)


def settle_memory_again() -> None:
    """For when much of what was hidden has been replaced: that is freed, and the rest hidden once more."""
    gc.unfreeze()
    settle_memory()
