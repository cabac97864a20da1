"""One DataLoader per entity: many ids, one statement."""

from strawberry.dataloader import DataLoader

from subgraphs.doctors import repository
from subgraphs.doctors.tables import DepartmentRow
from subgraphs.kernel.database import Database


class Loaders:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.departments: DataLoader[str, DepartmentRow | None] = DataLoader(self._departments)

    async def _departments(self, ids: list[str]) -> list[DepartmentRow | None]:
        async with self._database.reading() as session:
            found = await repository.departments_by_id(session, ids)
        return [found.get(id) for id in ids]
