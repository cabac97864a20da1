"""What a client gave, or left out."""

from typing import TypeVar

import strawberry

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """None for what was left out: for most arguments null and nothing are the same."""
    return None if value is strawberry.UNSET else value
