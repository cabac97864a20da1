"""What was billed and collected, by the ledger: one statement, so that all of it is of one moment.

A file of its own beside the repository: the sums and what they are sums of belong together.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CompoundSelect, Select, String, bindparam, case, cast, func, literal, select, union_all
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing.ledger import MONEY, REVENUE
from subgraphs.billing.rules import ZERO, BillStatus
from subgraphs.billing.tables import BillRow, ClaimRow, EntryRow
from subgraphs.kernel.rows import run, table_of

_ENTRIES, _BILLS, _CLAIMS = table_of(EntryRow).c, table_of(BillRow).c, table_of(ClaimRow).c
_REVENUE, _MONEY = (sorted(account.value for account in accounts) for accounts in (REVENUE, MONEY))


@dataclass(frozen=True, slots=True)
class Sums:
    billed: Decimal = ZERO
    collected: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Report:
    """`outstanding` is what the bills of these days still are to bring, as of now."""

    first: date
    last: date
    billed: Decimal
    collected: Decimal
    outstanding: Decimal
    claimed: Decimal
    by_day: dict[date, Sums]
    by_doctor: dict[str, Sums]


def _within(day: Any) -> Any:
    return day.between(bindparam("first"), bindparam("last"))


def _sums_by(part: str, key: Any) -> Select[Any]:
    kind = case((_ENTRIES.account.in_(_REVENUE), "billed"), else_="collected")
    return (
        select(literal(part).label("part"), key.label("key"), kind.label("kind"), func.sum(_ENTRIES.amount))
        .where(_within(_ENTRIES.day), _ENTRIES.account.in_([*_REVENUE, *_MONEY]))
        .group_by(key, kind)
    )


def _sum_of(kind: str, column: Any, day: Any, *also: Any) -> Select[Any]:
    return select(literal("all"), literal(""), literal(kind), func.sum(column)).where(_within(day), *also)


def _statement() -> CompoundSelect[Any]:
    not_void = _BILLS.status != BillStatus.VOID.value
    return union_all(
        _sums_by("day", cast(_ENTRIES.day, String(10))),
        _sums_by("doctor", _ENTRIES.doctor_id),
        _sum_of("total", _BILLS.total, _BILLS.billed_on, not_void),
        _sum_of("paid", _BILLS.paid, _BILLS.billed_on, not_void),
        _sum_of("claimed", _CLAIMS.amount, _CLAIMS.claimed_on),
    )


_STATEMENT = _statement()


async def report(session: AsyncSession, first: date, last: date) -> Report:
    """Both days counted."""
    found: dict[str, dict[str, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    rows: Iterable[Any] = await run(session, _STATEMENT, {"first": first, "last": last})
    for part, key, kind, amount in rows:
        found[part][key][kind] = amount or ZERO
    by_day = {date.fromisoformat(day): _sums(found["day"][day]) for day in sorted(found["day"])}
    by_doctor = {doctor: _sums(found["doctor"][doctor]) for doctor in sorted(found["doctor"])}
    whole = found["all"][""]
    return Report(
        first=first,
        last=last,
        billed=sum((sums.billed for sums in by_day.values()), ZERO),
        collected=sum((sums.collected for sums in by_day.values()), ZERO),
        outstanding=whole["total"] - whole["paid"],
        claimed=whole["claimed"],
        by_day=by_day,
        by_doctor=by_doctor,
    )


def _sums(found: dict[str, Decimal]) -> Sums:
    """Revenue stands below 0 in the ledger."""
    return Sums(ZERO - found.get("billed", ZERO), found.get("collected", ZERO))
