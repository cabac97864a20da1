"""What is there and may not be seen: the answer is that of an unknown id, and the denial is noted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subgraphs.kernel.errors import NotFound, Target
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal


class Hidden(NotFound):
    def __init__(self, noun: str, field: str, target: Target) -> None:
        super().__init__(noun, field)
        self.target = target


@asynccontextmanager
async def noting_denials(base: Foundation, principal: Principal, deed: str) -> AsyncIterator[None]:
    """Around a transaction: notes, after it was rolled back, that it was refused for what it found hidden."""
    try:
        yield
    except Hidden as hidden:
        await base.denials.note(principal, deed, hidden.target)
        raise
