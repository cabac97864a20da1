"""Medication requests are medicines of the record of their visit."""

from typing import Literal

from pydantic import BaseModel, Field

from hospital.fhir.elements import CodeableConcept, Quantity, Reference, Resource, Text, Unreadable
from hospital.fhir.export import Line
from hospital.fhir.intake import Intake, read_line
from hospital.fhir.people import one_line
from subgraphs.kernel.errors import Refused
from subgraphs.records import rules
from subgraphs.records.rules import Medicine

HERE_AS = {"MedicationRequest": ""}

_NOT_GIVEN = {"entered-in-error", "draft", "cancelled"}
_ORDERS = {"order", "original-order", "reflex-order", "filler-order", "instance-order"}
_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


class Repeat(BaseModel):
    frequency: int | None = None
    period: float | None = None
    period_unit: str | None = Field(default=None, alias="periodUnit")
    bounds_duration: Quantity | None = Field(default=None, alias="boundsDuration")


class Timing(BaseModel):
    repeat: Repeat = Repeat()
    code: CodeableConcept | None = None


class DoseAndRate(BaseModel):
    dose_quantity: Quantity | None = Field(default=None, alias="doseQuantity")


class Dosage(BaseModel):
    text: Text | None = None
    timing: Timing = Timing()
    as_needed: bool = Field(default=False, alias="asNeededBoolean")
    dose_and_rate: list[DoseAndRate] = Field(default=[], alias="doseAndRate")


class DispenseRequest(BaseModel):
    expected_supply_duration: Quantity | None = Field(default=None, alias="expectedSupplyDuration")


class MedicationRequest(Resource):
    resource_type: Literal["MedicationRequest"] = Field(alias="resourceType")
    status: str
    intent: str
    do_not_perform: bool = Field(default=False, alias="doNotPerform")
    medication: CodeableConcept | None = Field(default=None, alias="medicationCodeableConcept")
    medication_reference: Reference | None = Field(default=None, alias="medicationReference")
    subject: Reference
    encounter: Reference | None = None
    dosage_instruction: list[Dosage] = Field(default=[], alias="dosageInstruction")
    dispense_request: DispenseRequest = Field(default=DispenseRequest(), alias="dispenseRequest")


async def load(intake: Intake) -> None:
    def keep(line: Line) -> None:
        request = read_line(MedicationRequest, line)
        patient_id = intake.index.find("Patient", request.subject, "subject")
        intake.visits.add_medicine(intake.visit_of(request.encounter), patient_id, medicine(request))

    for line in intake.lines("MedicationRequest"):
        intake.try_line("MedicationRequest", line, keep)


def medicine(request: MedicationRequest) -> Medicine:
    if request.status in _NOT_GIVEN:
        raise Unreadable(f"status: {request.status} requests are not taken")
    if request.intent not in _ORDERS:
        raise Unreadable(f"intent: {request.intent[:40]} is no order")
    if request.do_not_perform:
        raise Unreadable("doNotPerform: what is not to be taken is no medicine")
    try:
        return rules.medicine(Medicine(_name(request), _dosage(request), _duration(request)))
    except Refused as refused:
        raise Unreadable(str(refused)) from None


def _name(request: MedicationRequest) -> str:
    named = request.medication.words() if request.medication else None
    referred = request.medication_reference.display if request.medication_reference else None
    if not (name := one_line([named or referred])):
        raise Unreadable("medication: it has no name")
    return name


def _dosage(request: MedicationRequest) -> str | None:
    return one_line((_words(dosage) for dosage in request.dosage_instruction), "; ") or None


def _words(dosage: Dosage) -> str:
    """As it is written, else as it can be told from the numbers: "1 tablet, 2 times a day, as needed"."""
    if dosage.text:
        return dosage.text
    doses = (rate.dose_quantity.words() for rate in dosage.dose_and_rate if rate.dose_quantity)
    how_often = _how_often(dosage.timing.repeat) or (dosage.timing.code.words() if dosage.timing.code else None)
    return one_line([next(doses, None), how_often, "as needed" if dosage.as_needed else None], ", ")


def _how_often(repeat: Repeat) -> str | None:
    unit = _UNITS.get(repeat.period_unit or "")
    if repeat.period is None or unit is None:
        return None
    times = "once" if repeat.frequency in (None, 1) else f"{repeat.frequency} times"
    return f"{times} every {unit}" if repeat.period == 1 else f"{times} every {repeat.period:g} {unit}s"


def _duration(request: MedicationRequest) -> str | None:
    bounds = (dosage.timing.repeat.bounds_duration for dosage in request.dosage_instruction)
    stated = next(filter(None, bounds), None) or request.dispense_request.expected_supply_duration
    return stated.words() if stated else None
