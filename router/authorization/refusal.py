"""Operations that are refused whole because of what the caller may not see."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

from graphql import GraphQLError, OperationType

from router.errors import ErrorCode, OperationRefused
from router.planner.selections import Selections
from router.planner.withholding import Parted, Withhold

MESSAGE = "Unauthorized field or type"
MOST_ERRORS = 10


def refusing(part: Withhold, kind: OperationType, *, wholly: bool) -> Withhold:
    """Refuses a subscription without its source, and `wholly` all that lacks anything, before it is planned."""

    def parted_or_refused(root: str, selections: Selections) -> Parted:
        parted = part(root, selections)
        sourceless = kind is OperationType.SUBSCRIPTION and any(field.is_withheld for field in parted.withheld)
        if sourceless or (wholly and parted.withheld):
            raise unauthorized(parted.withheld)
        return parted

    return parted_or_refused


def unauthorized(withheld: Selections) -> OperationRefused:
    errors = [GraphQLError(MESSAGE, path=path) for path in islice(withheld_paths(withheld), MOST_ERRORS)]
    return OperationRefused(errors, ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE, HTTPStatus.FORBIDDEN)


def withheld_paths(selections: Selections, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names on the way, without the places in lists, which are not known before anything runs."""
    for field in selections:
        where = (*at, field.response_key)
        yield from (where,) if field.is_withheld else withheld_paths(field.children, where)
