"""A DataLoader whose loads outlive the field that asked: other fields may wait for the same."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from strawberry import dataloader

Key = TypeVar("Key")
Loaded = TypeVar("Loaded")


class DataLoader(dataloader.DataLoader[Key, Loaded]):
    def load(self, key: Key) -> Awaitable[Loaded]:
        """graphql-core cancels the siblings of a field that fails; what they share with others is not cancelled."""
        return asyncio.shield(super().load(key))
