"""What was found and prescribed at each visit, kept until all of it has come by: together it is one medical record.

It lies in a private SQLite file that vanishes with the process, so that its size is not bounded by memory.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from hospital.fhir.elements import Unreadable
from subgraphs.records.rules import Diagnosis, Medicine

_DIAGNOSIS, _MEDICINE = TypeAdapter(Diagnosis), TypeAdapter(Medicine)


@dataclass(frozen=True, slots=True)
class Visit:
    """An encounter that was taken; `id` is that of the appointment it became."""

    id: str
    encounter_id: str
    patient_id: str
    starts_at: datetime
    words: str | None


class Visits:
    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # an unnamed file, not memory
        self._database.execute(
            "CREATE TABLE visits (id TEXT PRIMARY KEY, encounter_id TEXT, patient_id TEXT, starts_at TEXT, words TEXT)"
            " WITHOUT ROWID"
        )
        self._database.execute("CREATE TABLE findings (visit_id TEXT, kind TEXT, item BLOB)")

    def add(self, visit: Visit) -> None:
        values = (visit.id, visit.encounter_id, visit.patient_id, visit.starts_at.isoformat(), visit.words)
        self._database.execute("INSERT OR IGNORE INTO visits VALUES (?, ?, ?, ?, ?)", values)

    def add_diagnosis(self, visit_id: str, patient_id: str, diagnosis: Diagnosis) -> None:
        """Raises Unreadable for another patient than the visit's."""
        self._add(visit_id, patient_id, "diagnosis", _DIAGNOSIS.dump_json(diagnosis))

    def add_medicine(self, visit_id: str, patient_id: str, medicine: Medicine) -> None:
        """Raises Unreadable for another patient than the visit's."""
        self._add(visit_id, patient_id, "medicine", _MEDICINE.dump_json(medicine))

    def with_findings(self) -> Iterator[tuple[Visit, list[Diagnosis], list[Medicine]]]:
        """Each visit at which something was found or prescribed, with that in the order in which it came."""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_visit ON findings (visit_id)")
        visits = "SELECT * FROM visits WHERE id IN (SELECT visit_id FROM findings) ORDER BY id"
        for id, encounter_id, patient_id, starts_at, words in self._database.execute(visits):
            visit = Visit(id, encounter_id, patient_id, datetime.fromisoformat(starts_at), words)
            diagnoses = [_DIAGNOSIS.validate_json(item) for item in self._items(id, "diagnosis")]
            yield visit, diagnoses, [_MEDICINE.validate_json(item) for item in self._items(id, "medicine")]

    def close(self) -> None:
        self._database.close()

    def _add(self, visit_id: str, patient_id: str, kind: str, item: bytes) -> None:
        row = self._database.execute("SELECT patient_id FROM visits WHERE id = ?", (visit_id,)).fetchone()
        if row is None or row[0] != patient_id:
            raise Unreadable("subject: is not the patient of the encounter")
        self._database.execute("INSERT INTO findings VALUES (?, ?, ?)", (visit_id, kind, item))

    def _items(self, visit_id: str, kind: str) -> list[bytes]:
        wanted = "SELECT item FROM findings WHERE visit_id = ? AND kind = ? ORDER BY rowid"
        return [row[0] for row in self._database.execute(wanted, (visit_id, kind))]
