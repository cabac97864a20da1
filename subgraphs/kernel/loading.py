"""Loading many entities at once, for whoever asks for one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry import dataloader

from subgraphs.kernel.database import Database
from subgraphs.kernel.ids import is_id

Key = TypeVar("Key")
Loaded = TypeVar("Loaded")


class DataLoader(dataloader.DataLoader[Key, Loaded]):
    """A DataLoader whose loads outlive the field that asked: other fields may wait for the same."""

    def load(self, key: Key) -> Awaitable[Loaded]:
        """graphql-core cancels the siblings of a field that fails; what they share with others is not cancelled."""
        return asyncio.shield(super().load(key))


async def found_by_id(
    database: Database, ids: Sequence[str], read: Callable[[AsyncSession, list[str]], Awaitable[dict[str, Loaded]]]
) -> list[Loaded | None]:
    """What `read` finds of the ids, each in its place; what has not the form of an id is not asked for."""
    known = [id for id in ids if is_id(id)]
    if not known:
        return [None] * len(ids)
    async with database.reading() as session:
        found = await read(session, known)
    return [found.get(id) for id in ids]
