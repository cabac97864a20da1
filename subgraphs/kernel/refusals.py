"""Refusals as GraphQL data. Each subgraph prints its own `UserError`, with its own error codes."""

from enum import Enum
from typing import Any, ClassVar, Generic, Self, TypeVar

import strawberry

from subgraphs.kernel.errors import Problem, Refused

Code = TypeVar("Code", bound=Enum)


@strawberry.type
class Refusal(Generic[Code]):
    """Base of the subgraphs' `UserError`, not printed itself; `codes` is the subgraph's ErrorCode."""

    codes: ClassVar[type[Any]]

    code: Code
    message: str
    field: list[str] | None = strawberry.field(description='Path into the input, e.g. ["medicines", "0", "dosage"].')

    @classmethod
    def all_of(cls, refused: Refused) -> list[Self]:
        return [cls._of(problem) for problem in refused.problems]

    @classmethod
    def _of(cls, problem: Problem) -> Self:
        path = None if problem.field is None else list(problem.field)
        return cls(code=cls.codes(problem.code), message=problem.message, field=path)
