"""What one request reads of billing, each kind for many keys in one statement; made anew after a change."""

from collections import defaultdict
from collections.abc import Sequence

from subgraphs.billing import access, repository
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow, PolicyRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.loading import DataLoader
from subgraphs.kernel.pagination import PageRequest
from subgraphs.kernel.principal import Principal

PageOf = tuple[str, PageRequest]


class Loaders:
    """`bills`, `claims` and `policies` look at no rights: they are asked for what belongs to something that is seen."""

    def __init__(self, database: Database, principal: Principal | None) -> None:
        self._database, self._principal = database, principal
        self.bills: DataLoader[str, BillRow] = DataLoader(self._bills)
        self.claims: DataLoader[str, ClaimRow] = DataLoader(self._claims)
        self.policies: DataLoader[str, PolicyRow] = DataLoader(self._policies)
        self.payments_of_bills: DataLoader[str, list[PaymentRow]] = DataLoader(self._payments_of_bills)
        self.claims_of_bills: DataLoader[str, list[ClaimRow]] = DataLoader(self._claims_of_bills)
        self.policies_of_patients: DataLoader[str, list[PolicyRow]] = DataLoader(self._policies_of_patients)
        self.of_appointments: DataLoader[str, BillRow | None] = DataLoader(self._of_appointments)
        self.pages: DataLoader[PageOf, Sequence[BillRow]] = DataLoader(self._pages)
        self.counts: DataLoader[str, int] = DataLoader(self._counts)

    async def _bills(self, ids: list[str]) -> list[BillRow]:
        async with self._database.reading() as session:
            found = await repository.bills(session, ids)
        return [found[id] for id in ids]

    async def _claims(self, ids: list[str]) -> list[ClaimRow]:
        async with self._database.reading() as session:
            found = await repository.claims(session, ids)
        return [found[id] for id in ids]

    async def _policies(self, ids: list[str]) -> list[PolicyRow]:
        async with self._database.reading() as session:
            found = await repository.policies(session, ids)
        return [found[id] for id in ids]

    async def _payments_of_bills(self, ids: list[str]) -> list[list[PaymentRow]]:
        async with self._database.reading() as session:
            found = await repository.payments_of_bills(session, ids)
        return [found.get(id, []) for id in ids]

    async def _claims_of_bills(self, ids: list[str]) -> list[list[ClaimRow]]:
        async with self._database.reading() as session:
            found = await repository.claims_of_bills(session, ids)
        return [found.get(id, []) for id in ids]

    async def _policies_of_patients(self, ids: list[str]) -> list[list[PolicyRow]]:
        async with self._database.reading() as session:
            found = await repository.policies_of_patients(session, ids)
        return [found.get(id, []) for id in ids]

    async def _of_appointments(self, ids: list[str]) -> list[BillRow | None]:
        """Of each, the bill that is not void, where this principal may see it."""
        async with self._database.reading() as session:
            found = await repository.bills_of_appointments(session, ids)
        seen = {id: row for id, row in found.items() if access.sees_bills_of(self._principal, row.patient_id)}
        return [seen.get(id) for id in ids]

    async def _pages(self, keys: list[PageOf]) -> list[Sequence[BillRow]]:
        """Of patients whose bills are seen."""
        grouped: dict[PageRequest, list[str]] = defaultdict(list)
        for id, wanted in keys:
            grouped[wanted].append(id)
        found: dict[PageOf, Sequence[BillRow]] = {}
        async with self._database.reading() as session:
            for wanted, ids in grouped.items():
                if len(ids) == 1 and wanted.after is None:
                    found[ids[0], wanted] = await repository.newest_of(session, ids[0], wanted.first + 1)
                else:
                    pages = await repository.pages(session, ids, wanted)
                    found |= {(id, wanted): pages.get(id, []) for id in ids}
        return [found[key] for key in keys]

    async def _counts(self, ids: list[str]) -> list[int]:
        async with self._database.reading() as session:
            found = await repository.counts(session, ids)
        return [found.get(id, 0) for id in ids]
