"""How a patient's values become a row, and the row the state that is announced."""

from datetime import datetime
from typing import Any

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.search import sort_key
from subgraphs.patients import rules
from subgraphs.patients.tables import PatientRow


def surroundings(base: Foundation, *, keeps_phones: bool = False) -> rules.Surroundings:
    settings = base.settings
    return rules.Surroundings(base.clock.now(), settings.zone, None if keeps_phones else settings.phone_region)


def derived(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the columns that follow from them: what is sorted and searched by."""
    followed = dict(values)
    if "name" in values:
        followed["sort_name"] = sort_key(values["name"])
    if "phone" in values:
        followed["phone_digits"] = rules.phone_digits(values["phone"])
    return followed


def new_row(id: str, number: int, values: dict[str, Any], at: datetime) -> PatientRow:
    return PatientRow(id=id, mrn=rules.mrn(number), version=1, created_at=at, updated_at=at, **derived(values))


def state_of(row: PatientRow) -> dict[str, Any]:
    """The fields of PatientState."""
    return {
        "patient_id": row.id,
        "version": row.version,
        "name": row.name,
        "email": row.email,
        "phone": rules.reachable_phone(row.phone),
        "deceased_at": row.deceased_at,
    }
