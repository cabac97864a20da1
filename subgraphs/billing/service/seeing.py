"""Finding the bill that somebody names, as far as they may see it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import access, repository
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.principal import Principal


def shown(principal: Principal, row: BillRow | None, noun: str = "bill", field: str = "id") -> BillRow:
    """Raises NotFound for none, Hidden for one that the principal may not see."""
    if row is None:
        raise NotFound(noun, field)
    if not access.sees_bills_of(principal, row.patient_id):
        raise Hidden(noun, field, Target("Bill", row.id, row.patient_id))
    return row


async def locked_bill(session: AsyncSession, principal: Principal, id: str, field: str = "id") -> BillRow:
    """The bill, for this transaction alone. Raises NotFound, Hidden."""
    return shown(principal, await repository.locked(session, BillRow, id), field=field)


async def locked_bill_of(session: AsyncSession, thing: PaymentRow | ClaimRow) -> BillRow:
    """Bills are locked before their payments and claims, everywhere: so nobody waits for each other."""
    bill = await repository.locked(session, BillRow, thing.bill_id)
    if bill is None:
        raise LookupError(f"there is no bill {thing.bill_id}")
    return bill


async def written_bill(database: Database, id: str) -> BillRow:
    """A bill that is known to be there, as it now is."""
    async with database.reading() as session:
        return (await repository.bills(session, [id]))[id]


async def written_claim(database: Database, id: str) -> ClaimRow:
    async with database.reading() as session:
        return (await repository.claims(session, [id]))[id]
