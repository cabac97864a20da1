"""An error for each place where the caller sees null because more may not be seen."""

from collections.abc import Iterator
from typing import Any

from router.errors import ErrorCode
from router.executor.errors import ResponsePath
from router.executor.run import Run
from router.planner.nodes import QueryPlan
from router.planner.selections import TYPENAME, Selections

UNAUTHORIZED = {
    "message": "Unauthorized field or type",
    "extensions": {"code": ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE.value},
}


def tell_withheld(plan: QueryPlan, run: Run) -> None:
    run.report(UNAUTHORIZED, list(_places(plan.withheld, run.data, (), run)))


def _places(selections: Selections, value: Any, at: ResponsePath, run: Run) -> Iterator[ResponsePath]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(selections, item, (*at, index), run)
    elif isinstance(value, dict):
        on = (None, value.get(TYPENAME))
        for field in selections:
            if field.on in on and run.holds(field.condition):
                where = (*at, field.key)
                yield from (where,) if field.is_withheld else _places(field.children, value.get(field.key), where, run)
