"""Every way through the public schema to every type, and what somebody must find at its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from subgraphs.kernel.access import Seat
from subgraphs.kernel.errors import RequestError
from tests.access.rows import PUBLIC, is_plumbing, thing_of
from tests.access.ward import BOOKINGS, Viewer, Ward, day, report_of

Object = dict[str, Any]

LONGEST_THROUGH_RECORDS = 4
MONEY = {"Bill", "Payment", "InsurancePolicy", "InsuranceClaim"}
OF_MONEY = {
    *("Query.bill", "Query.bills", "Query.insuranceClaim", "Query.billingReport", "Appointment.bill"),
    *("Patient.bills", "Patient.insurancePolicies"),
    *("Bill.appointment", "Bill.patient", "Bill.payments", "Bill.claims"),
}
LONGEST_BY_EDGES = 3
"""Connections are gone through by their nodes, and on the shorter ways by their edges as well."""


@dataclass(frozen=True)
class Step:
    """One field on the way, from a type to a type: to one object, to a list, or to a connection of them."""

    source: str
    field: str
    target: str
    kind: str

    @property
    def coordinate(self) -> str:
        return f"{self.source}.{self.field}"


@dataclass(frozen=True)
class Way:
    """`through` is how connections are gone through: `nodes` or `edges`."""

    steps: tuple[Step, ...]
    through: str = "nodes"

    @property
    def target(self) -> str:
        return self.steps[-1].target

    def __str__(self) -> str:
        return ".".join(step.field for step in self.steps) + (" (edges)" if self.through == "edges" else "")

    def selection(self, arguments: dict[str, str], leaves: list[str], name: str) -> str:
        """Of these values, under that name."""
        selection = " ".join(leaves)
        for step in reversed(self.steps):
            inner = f"{{ {selection} }}"
            if step.kind == "connection":
                inner = (
                    f"{{ totalCount nodes {inner} }}" if self.through == "nodes" else f"{{ edges {{ node {inner} }} }}"
                )
            selection = f"{arguments.get(step.coordinate, step.field)} {inner}"
        return f"{name}: {selection}"


def ways() -> Iterator[Way]:
    """None goes through one type twice, but an appointment's patient has appointments too, and so on.

    What money leads back to is looked at, and is where the way ends.
    """
    for steps in _onward("Query", ()):
        yield Way(steps)
        if len(steps) <= LONGEST_BY_EDGES and any(step.kind == "connection" for step in steps):
            yield Way(steps, "edges")


def _onward(source: str, before: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    kind = PUBLIC.type_map[source]
    assert isinstance(kind, GraphQLObjectType)
    for name, own in kind.fields.items():
        if is_leaf_type(get_named_type(own.type)):
            continue
        step = _step(source, name, own)
        if _is_new(step, before) and not _is_led_on(before, step):
            yield (*before, step)
            yield from _onward(step.target, (*before, step))


def _is_new(step: Step, before: tuple[Step, ...]) -> bool:
    """Ways through records, of which there are many, go through nothing twice and not far."""
    targets = [taken.target for taken in (*before, step)]
    if "MedicalRecord" in targets:
        return len(set(targets)) == len(targets) <= LONGEST_THROUGH_RECORDS
    return targets.count(step.target) <= (2 if step.target in {"Patient", "Appointment"} else 1)


def _is_led_on(before: tuple[Step, ...], step: Step) -> bool:
    """Whether it goes on behind where money leads back to, or comes to money late or by a detour: too many to walk."""
    if any(taken.source in MONEY and taken.target not in MONEY for taken in before):
        return True
    if step.target not in MONEY or (before and before[-1].target in MONEY):
        return False
    targets = [taken.target for taken in before]
    return len(before) > 2 or len(set(targets)) < len(targets)


def _step(source: str, name: str, own: GraphQLField) -> Step:
    named = get_named_type(own.type)
    if named.name.endswith("Connection"):
        return Step(source, name, named.name.removesuffix("Connection"), "connection")
    assert not is_plumbing(named.name)
    return Step(source, name, named.name, "list" if "[" in str(own.type) else "object")


def arguments(ward: Ward) -> dict[str, str]:
    """How each field is asked for that takes arguments, by its coordinate."""
    own = ward.people["own patient"]
    found = {
        "Query.patient": f'patient(id: "{own.id}")',
        "Query.doctor": f'doctor(id: "{ward.people["treating doctor"].id}")',
        "Query.appointment": f'appointment(id: "{ward.appointments["own"]}")',
        "Query.medicalRecord": f'medicalRecord(id: "{ward.records["own"]}")',
        "Query.account": f'account(email: "{own.email}")',
        "Query.auditEvents": BOOKINGS,
        "Query.bill": f'bill(id: "{ward.money["own"]["bill"]}")',
        "Query.insuranceClaim": f'insuranceClaim(id: "{ward.money["own"]["claim"]}")',
        "Query.billingReport": report_of(ward.hospital),
        "Doctor.openSlots": f'openSlots(from: "{day(ward.hospital, 2)}", to: "{day(ward.hospital, 2)}")',
    }
    for kind in PUBLIC.type_map.values():
        for name, own_field in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            coordinate = f"{kind.name}.{name}"
            if "first" in own_field.args:
                found.setdefault(coordinate, f"{name}(first: 100)")
            assert (
                coordinate in found
                or not any(map(is_required_argument, own_field.args.values()))
                or (kind is PUBLIC.mutation_type)
            ), f"say how {coordinate} is asked for"
    return found


@dataclass(frozen=True)
class Oracle:
    """What the rows say that somebody finds: by the truth of the ward, and no line of what answers."""

    ward: Ward
    viewer: Viewer

    def refusal(self, coordinate: str) -> str | None:
        """The code with which a root field is refused to a role that never sees such things."""
        if coordinate == "Query.viewer":
            return None  # nobody in particular is nobody: null
        try:
            thing_of(coordinate).require(self.viewer.principal)
        except RequestError as error:
            return error.code
        return None

    def answer(self, way: Way, leaves: list[str], root: Any = None) -> Any:
        """The data of the way's document."""
        return self._selected(way, 0, root or {}, leaves)

    def _selected(self, way: Way, place: int, source: Object, leaves: list[str]) -> Any:
        """What an object gives for the rest of the way. None for what may not be seen where it may not be null."""
        step = way.steps[place]
        found = self._found(step, source)
        if found is None:
            return {step.field: None}

        def below(target: Object) -> Any:
            if place + 1 < len(way.steps):
                return self._selected(way, place + 1, target, leaves)
            return {name: self.leaf(step.target, target, name) for name in leaves}

        if step.kind == "object":
            return {step.field: below(found)}
        rows = [below(target) for target in found]
        if step.kind == "list":
            return {step.field: rows}
        if way.through == "edges":
            return {step.field: {"edges": [{"node": row} for row in rows]}}
        return {step.field: {"totalCount": len(rows), "nodes": rows}}

    def leaf(self, kind: str, row: Object, name: str) -> Any:
        coordinate = f"{kind}.{name}"
        if name == "__typename":
            return kind
        if coordinate == "Appointment.patientEmail":
            return row[name] if thing_of(coordinate).may_see(self.ward.seat(self.viewer, row["patient"])) else None
        return row[name] if thing_of(coordinate).may_see(self.seat(kind, row)) else None

    def seat(self, kind: str, row: Object) -> Seat:
        """Towards what the row is of."""
        match kind:
            case "Patient":
                return self.ward.seat(self.viewer, row["id"])
            case "Appointment" | "AppointmentTransition":
                return self.ward.seat_at(self.viewer, row)
            case (
                "MedicalRecord"
                | "MedicalRecordVersion"
                | "Diagnosis"
                | "Medicine"
                | "Allergy"
                | "Bill"
                | "Payment"
                | "InsurancePolicy"
                | "InsuranceClaim"
            ):
                return self.ward.seat(self.viewer, row["patient"])
            case "AuditEvent":
                return self.ward.seat(self.viewer, row["patientId"])
            case "Notification":
                return self.ward.seat(self.viewer, row["patient"])
            case "Doctor" | "Leave":
                return self.ward.seat_of_doctor(self.viewer, row.get("ofDoctor", row["id"]))
        principal = self.viewer.principal
        return self.ward.seat(self.viewer, None if principal is None else principal.patient_id)

    def sees_records_of(self, patient_id: str) -> bool:
        return thing_of("Patient.medicalRecords").may_see(self.ward.seat(self.viewer, patient_id))

    def sees(self, kind: str, row: Object) -> bool:
        return thing_of(f"{kind}.id").may_see(self.seat(kind, row))

    def _visible(self, kind: str, rows: dict[str, Object], wanted: Callable[[Object], bool] = bool) -> list[Object]:
        return [row for row in rows.values() if wanted(row) and self.sees(kind, row)]

    def _one(self, kind: str, row: Object | None) -> Object | None:
        return row if row is not None and self.sees(kind, row) else None

    def _found(self, step: Step, row: Object) -> Any:
        """The object or the objects to which the step leads from that row; None for null."""
        truth, principal = self.ward.truth, self.viewer.principal
        match step.coordinate:
            case "Query.patient":
                return self._one("Patient", truth.patients[self.ward.people["own patient"].id])
            case "Query.patients":
                return self._visible("Patient", truth.patients)
            case "Query.appointment":
                return self._one("Appointment", truth.appointments[self.ward.appointments["own"]])
            case "Query.appointments":
                return self._visible("Appointment", truth.appointments)
            case "Query.doctor":
                return truth.doctors[self.ward.people["treating doctor"].id]
            case "Query.doctors":
                return list(truth.doctors.values())
            case "Query.departments":
                return list(truth.departments.values())
            case "Query.viewer":
                return None if principal is None else {}
            case "Query.account":
                [account] = [a for a in truth.accounts.values() if a["email"] == self.ward.people["own patient"].email]
                return account
            case "Query.auditEvents":
                return self._visible("AuditEvent", truth.events)
            case "Query.auditChain":
                return truth.chain
            case "Query.notifications":
                return self._visible("Notification", truth.notifications)
            case "Query.notificationTemplates":
                return list(truth.templates.values())
            case "Viewer.account":
                return truth.accounts[principal.account_id]  # type: ignore[union-attr]
            case "Viewer.patient":
                return truth.patients.get(principal.patient_id or "")  # type: ignore[union-attr]
            case "Viewer.doctor":
                return truth.doctors.get(principal.doctor_id or "")  # type: ignore[union-attr]
            case "Patient.appointments":
                if not thing_of(step.coordinate).may_see(self.seat("Patient", row)):
                    return None
                return self._visible("Appointment", truth.appointments, lambda a: a["patient"] == row["id"])
            case "Patient.medicalRecords" | "Patient.allergies":
                rows = truth.records if step.target == "MedicalRecord" else truth.allergies
                if not self.sees_records_of(row["id"]):
                    return None
                return [found for found in rows.values() if found["patient"] == row["id"]]
            case "Query.medicalRecord":
                return self._one("MedicalRecord", truth.records[self.ward.records["own"]])
            case "Appointment.medicalRecord":
                of_it = (found for found in truth.records.values() if found["appointment"] == row["id"])
                return self._one("MedicalRecord", next(of_it, None))
            case "MedicalRecord.patient":
                return truth.patients[row["patient"]]
            case "MedicalRecord.doctor":
                return truth.doctors[row["doctor"]]
            case "MedicalRecord.appointment":
                return truth.appointments[row["appointment"]]
            case (
                "MedicalRecord.diagnoses"
                | "MedicalRecord.medicines"
                | "MedicalRecord.versions"
                | "MedicalRecordVersion.diagnoses"
                | "MedicalRecordVersion.medicines"
            ):
                return [{**inner, "patient": row["patient"]} for inner in row[step.field]]
            case "Doctor.appointments":
                if self.refusal(step.coordinate):
                    return None
                return self._visible("Appointment", truth.appointments, lambda a: a["doctor"] == row["id"])
            case "Appointment.patient":
                seen = thing_of(step.coordinate).may_see(self.ward.seat(self.viewer, row["patient"]))
                return self._one("Patient", truth.patients[row["patient"]]) if seen else None
            case "Appointment.doctor":
                return truth.doctors[row["doctor"]]
            case "Appointment.history":
                return [{**line, "doctor": row["doctor"], "patient": row["patient"]} for line in row["history"]]
            case coordinate if coordinate in OF_MONEY:
                return self._money(step, row)
            case "Payment.bill" | "InsuranceClaim.bill":
                return truth.bills[row["bill"]]
            case "Payment.claim":
                return next(claim for claim in truth.bills[row["bill"]]["claims"] if claim["id"] == row["claim"])
            case "InsuranceClaim.policy":
                return truth.policies[row["policy"]]
            case "InsurancePolicy.patient":
                return self._one("Patient", truth.patients[row["patient"]])
            case "BillingByDoctor.doctor":
                return truth.doctors[row["doctorId"]]
            case "BillingReport.byDay" | "BillingReport.byDoctor":
                return row[step.field]
            case "AuditEvent.patient":
                return self._one("Patient", truth.patients.get(row["patientId"]))
            case "Doctor.department":
                return truth.departments[row["department"]]
            case "Department.doctors":
                return [doctor for doctor in truth.doctors.values() if doctor["department"] == row["id"]]
            case "Doctor.leave":
                return [{**leave, "ofDoctor": row["id"]} for leave in row["leave"]]
            case "Doctor.availability" | "Doctor.openSlots":
                return row[step.field]
        raise AssertionError(f"say where {step.coordinate} leads")

    def _money(self, step: Step, row: Object) -> Any:
        truth, own = self.ward.truth, self.ward.money["own"]
        bill = truth.bills[own["bill"]]
        match step.coordinate:
            case "Query.bill":
                return self._one("Bill", bill)
            case "Query.bills":
                return self._visible("Bill", truth.bills)
            case "Query.insuranceClaim":
                return self._one("InsuranceClaim", next(c for c in bill["claims"] if c["id"] == own["claim"]))
            case "Query.billingReport":
                return truth.report
            case "Patient.bills" | "Patient.insurancePolicies":
                if not thing_of(step.coordinate).may_see(self.seat("Patient", row)):
                    return None
                kind, rows = ("Bill", truth.bills) if step.field == "bills" else ("InsurancePolicy", truth.policies)
                return self._visible(kind, rows, lambda found: found["patient"] == row["id"])
            case "Appointment.bill":
                found = [b for b in truth.bills.values() if b["appointment"] == row["id"]]
                return self._one("Bill", found[0]) if found else None
            case "Bill.appointment":
                return self._one("Appointment", truth.appointments[row["appointment"]])
            case "Bill.patient":
                return self._one("Patient", truth.patients[row["patient"]])
        return row[step.field]
