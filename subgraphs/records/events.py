"""What records announces: ids and states; never what a record says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from subgraphs.kernel.events import Action, Event

_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class MedicalRecordState(Event):
    resource_type = "MedicalRecord"

    record_id: str
    version: int
    patient_id: str
    doctor_id: str
    appointment_id: str | None = None

    def key(self) -> str:
        return self.record_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class MedicalRecordCreated(MedicalRecordState):
    """A record was written."""

    type = "medical_record.created"
    action = Action.CREATE

    imported: bool = False


class MedicalRecordAmended(MedicalRecordState):
    """A record has another version."""

    type = "medical_record.amended"
    action = Action.UPDATE


class MedicalRecordRead(MedicalRecordState):
    """Somebody is about to be given the record at `version`."""

    type = "medical_record.read"
    action = Action.READ


class AllergyRecorded(Event):
    """An allergy of the patient was noted."""

    type = "allergy.recorded"
    action = Action.CREATE
    resource_type = "AllergyIntolerance"

    allergy_id: str
    patient_id: str
    imported: bool = False

    def key(self) -> str:
        return self.allergy_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class GlassBroken(Event):
    """One patient is open to one account from `broken_at` until `expires_at`."""

    type = "glass.broken"
    action = Action.EXECUTE
    resource_type = "Patient"

    account_id: str
    patient_id: str
    reason: str
    broken_at: datetime
    expires_at: datetime

    def key(self) -> str:
        return self.patient_id

    def audited_patient(self) -> str | None:
        return self.patient_id

    def audited_reason(self) -> str | None:
        return self.reason

    def copied(self) -> dict[str, Any]:
        """What everybody keeps of it: the newest of one account and patient is at the greatest `version`."""
        version = (self.broken_at - _EPOCH) // _MILLISECOND
        return {**self.model_dump(include={"account_id", "patient_id", "expires_at"}), "version": version}


EVENTS = (MedicalRecordCreated, MedicalRecordAmended, MedicalRecordRead, AllergyRecorded, GlassBroken)
