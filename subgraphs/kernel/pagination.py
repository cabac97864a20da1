"""Relay connections over keyset cursors: a page is found by the values of its last row, never by counting rows."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Generic, TypeVar, cast

import orjson
import strawberry
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from subgraphs.kernel.errors import BadUserInput

Node = TypeVar("Node")
Row = TypeVar("Row")

MAXIMUM_FIRST = 100
_CHECK_BYTES = 6
_PAST_63_BITS = 1 << 63


@strawberry.federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    nodes: list[Node]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field
    async def total_count(self) -> int:
        return await self.count()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A checked `first` and the decoded values of `after` (None for the first page)."""

    first: int
    after: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """At most `first` rows, and whether there are more behind and before them."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Keyset:
    """The order of one list: its name (cursors of another list are refused), its row attributes, the id last, and
    their types. `from_where` says where its cursors are found."""

    name: str
    attributes: tuple[str, ...]
    types: tuple[type, ...]
    descending: bool = False
    from_where: str = "`endCursor` or an edge"

    def request(self, first: int, after: str | None) -> PageRequest:
        """Raises BadUserInput for a `first` out of 1..100 and for a cursor that is damaged or of another list."""
        if not 1 <= first <= MAXIMUM_FIRST:
            raise BadUserInput(f"`first` must be from 1 to {MAXIMUM_FIRST}.")
        return PageRequest(first, None if after is None else self._decode(after))

    def cursor(self, row: Any) -> str:
        values = [_tagged(getattr(row, attribute)) for attribute in self.attributes]
        payload = orjson.dumps(values)
        return _encoded(self._check(payload) + payload)

    def page(self, statement: Select[Any], entity: Any, wanted: PageRequest) -> Select[Any]:
        """The statement narrowed to one page and one row more, in order. `entity` is the row class it selects."""
        return self.ordered(self._behind(statement, entity, wanted), entity).limit(wanted.first + 1)

    def page_per_parent(self, entity: Any, parent: str, where: ColumnElement[bool], wanted: PageRequest) -> Select[Any]:
        """The same for many parents in one statement: the first rows of each value of the attribute `parent`."""
        place = func.row_number().over(partition_by=getattr(entity, parent), order_by=self._order(entity))
        inner = self._behind(select(entity, place.label("place")).where(where), entity, wanted).subquery()
        rows = aliased(entity, inner)
        return self.ordered(select(rows).where(inner.c.place <= wanted.first + 1), rows)

    def ordered(self, statement: Select[Any], entity: Any) -> Select[Any]:
        return statement.order_by(*self._order(entity))

    def _order(self, entity: Any) -> list[Any]:
        columns = [getattr(entity, attribute) for attribute in self.attributes]
        return [column.desc() for column in columns] if self.descending else columns

    def _behind(self, statement: Select[Any], entity: Any, wanted: PageRequest) -> Select[Any]:
        if wanted.after is None:
            return statement
        columns = [getattr(entity, attribute) for attribute in self.attributes]
        return statement.where(_after(columns, wanted.after, self.descending))

    def _checked(self, values: Any) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise ValueError("not a cursor")
        known = tuple(_untagged(value) for value in values)
        if tuple(type(value) for value in known) != self.types:
            raise ValueError("not of this order")
        return known

    def _check(self, payload: bytes) -> bytes:
        return blake2b(payload, digest_size=_CHECK_BYTES, person=self.name.encode()[:16]).digest()

    def _decode(self, cursor: str) -> tuple[Any, ...]:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            payload = raw[_CHECK_BYTES:]
            if raw[:_CHECK_BYTES] != self._check(payload) or cursor != _encoded(raw):
                raise ValueError("not a cursor of this list")
            values = orjson.loads(payload)
            return self._checked(values)
        except (ValueError, binascii.Error, TypeError, KeyError, OverflowError):
            raise BadUserInput(f"`after` is not a cursor of this list. Take one from {self.from_where}.") from None


def page_of(rows: Sequence[Row], wanted: PageRequest) -> Page[Row]:
    """Cuts the one row more that the statement asked for."""
    return Page(rows[: wanted.first], len(rows) > wanted.first, wanted.after is not None)


def connection(
    page: Page[Row], keyset: Keyset, to_node: Callable[[Row], Node], count: Callable[[], Awaitable[int]]
) -> Connection[Node]:
    """The GraphQL connection of a page; `count` runs only when `totalCount` is asked for."""
    return cast(Connection[Node], _Made(page, keyset, [to_node(row) for row in page.rows], count))


@dataclass(frozen=True, slots=True)
class _Made(Generic[Row, Node]):
    """What resolves as a Connection: cursors are made where somebody asks for them."""

    page: Page[Row]
    keyset: Keyset
    nodes: list[Node]
    count: Callable[[], Awaitable[int]]

    @property
    def edges(self) -> list[Edge[Node]]:
        pairs = zip(self.page.rows, self.nodes, strict=True)
        return [Edge(cursor=self.keyset.cursor(row), node=node) for row, node in pairs]

    @property
    def page_info(self) -> PageInfo:
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.keyset.cursor(rows[0]) if rows else None,
            end_cursor=self.keyset.cursor(rows[-1]) if rows else None,
        )


def _after(columns: Sequence[Any], values: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    """(a, b) behind (x, y), written so that an index serves it: a > x or (a = x and b > y)."""
    alternatives = []
    for place, (column, value) in enumerate(zip(columns, values, strict=True)):
        equal = [earlier == known for earlier, known in zip(columns[:place], values[:place], strict=True)]
        behind = column < value if descending else column > value
        alternatives.append(and_(*equal, behind))
    return or_(*alternatives)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _tagged(value: Any) -> Any:
    return {"t": value.astimezone(UTC).isoformat()} if isinstance(value, datetime) else value


def _untagged(value: Any) -> Any:
    if isinstance(value, list) or (isinstance(value, int) and abs(value) >= _PAST_63_BITS):
        raise ValueError("no value of a cursor")
    return datetime.fromisoformat(value["t"]).astimezone(UTC) if isinstance(value, dict) else value
