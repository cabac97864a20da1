"""What stays for long is kept from the garbage collector, whose full collections stop everything while they look."""

import gc


def settle_memory() -> None:
    """Hides all that lives now from further collections. What is hidden and dies in a cycle is never freed: do it
    when the application is made, and a bounded number of times after that.
    """
    gc.collect()
    gc.freeze()
