"""Refusals as GraphQL data. Each subgraph prints its own `UserError` over this base, with its own error codes."""

from enum import Enum
from typing import Any, Self

from subgraphs.kernel.errors import Refused


class Refusal:
    """Base of the subgraphs' `UserError`; not a GraphQL type itself."""

    codes: type[Enum]

    def __init__(self, *, code: Any, message: str, field: list[str] | None) -> None:
        raise NotImplementedError("printed by the subgraph's UserError alone")

    @classmethod
    def all_of(cls, refused: Refused) -> list[Self]:
        return [
            cls(code=cls.codes(problem.code), message=problem.message, field=_path(problem.field))
            for problem in refused.problems
        ]


def _path(field: tuple[str, ...] | None) -> list[str] | None:
    return None if field is None else list(field)
