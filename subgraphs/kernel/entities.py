"""What a subgraph answers for `_entities`: each in its place, and all at once, so that loaders see them together."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from subgraphs.kernel.errors import BadUserInput


async def resolve_entities(entities: Mapping[str, Any], info: Any, representations: Sequence[Any]) -> list[Any]:
    """In the order and length asked; null for what is unknown or may not be seen.

    `entities` are the types by name that have a `resolve_reference(info, id)`. A representation of none of them is an
    error in its own place. What was given is left as it was.
    """
    return await asyncio.gather(*(_entity(entities, info, given) for given in representations), return_exceptions=True)


async def _entity(entities: Mapping[str, Any], info: Any, given: Any) -> Any:
    name = given.get("__typename") if isinstance(given, dict) else None
    entity = entities.get(name) if isinstance(name, str) else None
    if entity is None:
        raise BadUserInput("A representation needs the `__typename` of an entity of this subgraph.")
    id = given.get("id")
    return await entity.resolve_reference(info, id) if isinstance(id, str) else None
