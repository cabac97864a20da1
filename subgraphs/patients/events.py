"""What patients announces. Every event carries what other domains keep of a patient, so that a copy needs no other."""

from datetime import datetime

from subgraphs.kernel.events import Action, Event


class PatientState(Event):
    """The patient as others keep it at `version`; `email` and `phone` (E.164) are for what is sent to the patient."""

    resource_type = "Patient"

    patient_id: str
    version: int
    name: str
    email: str | None = None
    phone: str | None = None
    deceased_at: datetime | None = None

    def key(self) -> str:
        return self.patient_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class PatientRegistered(PatientState):
    """There is another patient. `opens_login`: accounts holds a login for this patient, which this event opens."""

    type = "patient.registered"
    action = Action.CREATE

    opens_login: bool = False
    imported: bool = False


class PatientUpdated(PatientState):
    """Something about the patient is different."""

    type = "patient.updated"
    action = Action.UPDATE


EVENTS = (PatientRegistered, PatientUpdated)
