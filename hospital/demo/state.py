"""Whether a hospital is one for demonstration, and how far its filling is: kept in its folder."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

import orjson
from sqlmodel import SQLModel, select

from hospital.domains import Domains
from hospital.folder import DataFolder, write_privately
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.doctors.tables import DepartmentRow, DoctorRow
from subgraphs.kernel.database import Database
from subgraphs.patients.tables import PatientRow

SEED = 1


@dataclass(frozen=True, slots=True)
class DemoState:
    """`now` is when the filling began: what is past and what is to come is counted from there."""

    seed: int
    now: datetime
    filled: bool = False

    @classmethod
    def of(cls, folder: DataFolder) -> Self | None:
        """None for a hospital that is none of demonstration."""
        path = _state_path(folder)
        if not path.exists():
            return None
        fields = orjson.loads(path.read_bytes())
        return cls(fields["seed"], datetime.fromisoformat(fields["now"]), fields["filled"])

    def finished(self) -> Self:
        return replace(self, filled=True)

    def keep(self, folder: DataFolder) -> None:
        write_privately(_state_path(folder), orjson.dumps(asdict(self), option=orjson.OPT_APPEND_NEWLINE).decode())


def demo_password(folder: DataFolder, given: str | None) -> str:
    """The one that was kept; else the one given, or a new one, which is kept from now on."""
    path = folder.path / "demo-password"
    if not path.exists():
        write_privately(path, (given or secrets.token_urlsafe(9)) + "\n")
    return path.read_text().removesuffix("\n")


async def is_empty(domains: Domains) -> bool:
    """Whether nobody has put a department, doctor, patient or appointment into it; logins of staff do not count."""
    tables: tuple[tuple[Database, type[SQLModel]], ...] = (
        (domains.doctors.base.database, DepartmentRow),
        (domains.doctors.base.database, DoctorRow),
        (domains.patients.base.database, PatientRow),
        (domains.appointments.base.database, AppointmentRow),
    )
    return not any([await _has_rows(database, table) for database, table in tables])


async def _has_rows(database: Database, table: type[SQLModel]) -> bool:
    async with database.reading() as session:
        return (await session.exec(select(table).limit(1))).first() is not None


def _state_path(folder: DataFolder) -> Path:
    return folder.path / "demo.json"
