"""What a record is judged by, how what it says becomes rows, and the rows the state that is announced."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.rows import add_row
from subgraphs.records import repository, rules
from subgraphs.records.rules import Diagnosis, Medicine
from subgraphs.records.tables import MedicalRecordRow, VersionRow

_DIAGNOSES = TypeAdapter(list[Diagnosis])
_MEDICINES = TypeAdapter(list[Medicine])
_CONTENTS = ("description", "diagnoses", "medicines", "revisiting_date")


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it now is; `is_new`: what it says was written by this very request."""

    row: MedicalRecordRow
    is_new: bool


async def surroundings(base: Foundation, *given: Sequence[Diagnosis]) -> rules.Surroundings:
    """With what the list has of the codes of these lists of diagnoses, as many as a record may have.

    Looked up before the transaction that writes: what is no code takes a statement each.
    """
    asked = chain.from_iterable(diagnoses[: rules.MAXIMUM_ITEMS] for diagnoses in given)
    async with base.database.reading() as session:
        codes = await repository.codes(session, rules.icd_codes(asked))
    return rules.Surroundings(base.clock.now(), base.settings.zone, codes)


def diagnoses_of(row: MedicalRecordRow | VersionRow) -> list[Diagnosis]:
    return _DIAGNOSES.validate_json(row.diagnoses)


def medicines_of(row: MedicalRecordRow | VersionRow) -> list[Medicine]:
    return _MEDICINES.validate_json(row.medicines)


def columns(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the lists among them as JSON."""
    return {name: _json(value) if name in {"diagnoses", "medicines"} else value for name, value in values.items()}


def add_record(session: AsyncSession, row: MedicalRecordRow, by_account_id: str | None) -> None:
    add_row(session, MedicalRecordRow, **row.model_dump())
    add_version(session, row, recorded_at=row.created_at, by_account_id=by_account_id, reason=None)


def add_version(
    session: AsyncSession,
    row: MedicalRecordRow,
    *,
    recorded_at: datetime,
    by_account_id: str | None,
    reason: str | None,
) -> None:
    add_row(
        session,
        VersionRow,
        record_id=row.id,
        version=row.version,
        recorded_at=recorded_at,
        by_account_id=by_account_id,
        reason=reason,
        **{name: getattr(row, name) for name in _CONTENTS},
    )


def state_of(row: MedicalRecordRow) -> dict[str, Any]:
    """The fields of MedicalRecordState."""
    return {
        "record_id": row.id,
        "version": row.version,
        "patient_id": row.patient_id,
        "doctor_id": row.doctor_id,
        "appointment_id": row.appointment_id,
    }


def _json(items: Sequence[Diagnosis | Medicine]) -> str:
    return orjson.dumps([asdict(item) for item in items]).decode()
