"""The two families of errors: what the caller may read, and everything else, which is masked.

`Refused` is what a person can mend: it becomes the `errors` of a payload. `RequestError` is what they may not do or
said wrongly: it becomes a GraphQL error with `extensions.code`. Any other exception is masked where a request ends.
"""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError


@dataclass(frozen=True, slots=True)
class Target:
    """The thing that was refused, for the audit trail: its type, its id and whose it is."""

    type: str = "Operation"
    id: str | None = None
    patient_id: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason of a refusal: `code` is a member of the subgraph's ErrorCode, `field` a path into the input."""

    code: str
    message: str
    field: tuple[str, ...] | None = None


class Refused(Exception):
    """A use case was refused and nothing was written."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class InvalidInput(Refused):
    def __init__(self, message: str, *field: str) -> None:
        super().__init__(Problem("INVALID_INPUT", message, field or None))


class NotFound(Refused):
    def __init__(self, noun: str, *field: str) -> None:
        super().__init__(Problem("NOT_FOUND", f"There is no such {noun}.", field or None))


class Hidden(NotFound):
    """It is there, and they may not see it: the answer is that of an unknown id, and the denial is noted."""

    def __init__(self, noun: str, field: str, target: Target) -> None:
        super().__init__(noun, field)
        self.target = target


class VersionConflict(Refused):
    def __init__(self, current: int) -> None:
        message = f"Somebody changed this in the meantime: it is at version {current} now. Read it again and repeat."
        super().__init__(Problem("VERSION_CONFLICT", message, ("expectedVersion",)))


class IdempotencyKeyReused(Refused):
    def __init__(self) -> None:
        message = "This idempotency key was used before with another input. Use a new key for a new request."
        super().__init__(Problem("IDEMPOTENCY_KEY_REUSED", message, ("idempotencyKey",)))


class RequestError(GraphQLError):
    """An error that ends a field or the whole request; its text is safe to show."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message, extensions={"code": self.code, **extensions})


class BadUserInput(RequestError):
    pass


class Unauthenticated(RequestError):
    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Sign in first: this needs an access token.") -> None:
        super().__init__(message)


class Forbidden(RequestError):
    code = "FORBIDDEN"

    def __init__(self, message: str = "Your role may not do this.", target: Target | None = None) -> None:
        super().__init__(message)
        self.target = target


class TooManyRequests(RequestError):
    code = "TOO_MANY_REQUESTS"
