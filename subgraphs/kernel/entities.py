"""What a subgraph answers for `_entities`: each in its place, and those of one type all at once."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from subgraphs.kernel.errors import BadUserInput


async def resolve_entities(entities: Mapping[str, Any], info: Any, representations: Sequence[Any]) -> list[Any]:
    """In the order and length asked; null for what is unknown or may not be seen.

    `entities` are the types by name that have a `resolve_references(info, ids)`, which answers so too. A representation
    of none of them is an error in its own place. What was given is left as it was.
    """
    answers: list[Any] = [None] * len(representations)
    places: dict[Any, list[int]] = defaultdict(list)
    for place, given in enumerate(representations):
        entity = _entity(entities, given)
        if entity is None:
            answers[place] = BadUserInput("A representation needs the `__typename` of an entity of this subgraph.")
        elif isinstance(given.get("id"), str):
            places[entity].append(place)
    await asyncio.gather(*(_answer(answers, entity, info, representations, found) for entity, found in places.items()))
    return answers


def _entity(entities: Mapping[str, Any], given: Any) -> Any:
    name = given.get("__typename") if isinstance(given, dict) else None
    return entities.get(name) if isinstance(name, str) else None


async def _answer(
    answers: list[Any], entity: Any, info: Any, representations: Sequence[Any], places: Sequence[int]
) -> None:
    """A failure is that of each of them."""
    try:
        found = await entity.resolve_references(info, [representations[place]["id"] for place in places])
    except Exception as error:
        found = [error] * len(places)
    for place, answer in zip(places, found, strict=True):
        answers[place] = answer
