"""What appointments announces: ids, times, states and the fee as booked; never notes or reasons."""

from datetime import datetime
from decimal import Decimal

from subgraphs.kernel.events import Action, Event


class AppointmentState(Event):
    """The appointment at `version`. `treats`: whether it makes its doctor one who treats the patient.

    The contact and the fee are as they were at the booking.
    """

    action = Action.UPDATE
    resource_type = "Appointment"

    appointment_id: str
    version: int
    patient_id: str
    patient_name: str
    patient_email: str | None = None
    patient_phone: str | None = None
    doctor_id: str
    doctor_name: str
    department_id: str
    consultation_fee: Decimal
    slot: datetime
    end: datetime
    status: str
    previous_status: str | None = None
    treats: bool
    imported: bool = False

    def key(self) -> str:
        return self.appointment_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class AppointmentBooked(AppointmentState):
    """A patient asked for a slot, and has it until the doctor decides."""

    type = "appointment.booked"
    action = Action.CREATE


class AppointmentAccepted(AppointmentState):
    """The doctor takes the appointment."""

    type = "appointment.accepted"


class AppointmentRejected(AppointmentState):
    """The doctor does not take the appointment; the slot is free again."""

    type = "appointment.rejected"


class AppointmentRescheduled(AppointmentState):
    """The appointment has another slot than `previous_slot`."""

    type = "appointment.rescheduled"

    previous_slot: datetime


class AppointmentCancelled(AppointmentState):
    """The appointment will not be; the slot is free again."""

    type = "appointment.cancelled"


class AppointmentCheckedIn(AppointmentState):
    """The patient is there."""

    type = "appointment.checked_in"


class AppointmentCompleted(AppointmentState):
    """The visit is over."""

    type = "appointment.completed"


class AppointmentNoShow(AppointmentState):
    """The patient did not come."""

    type = "appointment.no_show"


EVENTS = (
    AppointmentBooked,
    AppointmentAccepted,
    AppointmentRejected,
    AppointmentRescheduled,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentCompleted,
    AppointmentNoShow,
)
