"""A small hospital with somebody in every seat, and all that stands in it, as those see it who see it whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from router.context import RequestContext
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits
from router.transports.local import LocalTransport
from subgraphs.kernel.access import Seat, seat_towards
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.records.service import ImportedAllergy
from tests.access.rows import PUBLIC, SUPERGRAPH
from tests.e2e.hospital import Hospital, Person

UNKNOWN = "01900000-0000-7000-8000-000000000000"
LONG_AGO = datetime(2020, 5, 1, tzinfo=UTC)
NO_LIMITS = Limits(depth=40, aliases=100, cost=10**12, tokens=10_000, field_merges=10**6)


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks; `principal` is what their token says of them."""

    name: str
    bearer: str | None = field(default=None, repr=False)
    principal: Principal | None = None

    @property
    def role(self) -> RoleName | None:
        return None if self.principal is None else self.principal.role

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.bearer is None else {"authorization": self.bearer}

    def __str__(self) -> str:
        return self.name


@dataclass
class Truth:
    """What stands in the ward: leaves by type and id, and whose each thing is."""

    patients: dict[str, dict[str, Any]] = field(default_factory=dict)
    doctors: dict[str, dict[str, Any]] = field(default_factory=dict)
    departments: dict[str, dict[str, Any]] = field(default_factory=dict)
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    allergies: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: dict[str, dict[str, Any]] = field(default_factory=dict)
    chain: dict[str, Any] = field(default_factory=dict)

    def treats(self, doctor_id: str | None, patient_id: str | None) -> bool:
        return any(
            (row["doctor"], row["patient"]) == (doctor_id, patient_id)
            and row["status"] not in {"REJECTED", "CANCELLED"}
            for row in self.appointments.values()
        )


@dataclass
class Ward:
    hospital: Hospital
    people: dict[str, Person]
    appointments: dict[str, str]
    leaves: dict[str, str]
    money: dict[str, dict[str, str]]
    beginning: str
    records: dict[str, str] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    truth: Truth = field(default_factory=Truth)
    pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        domains = self.hospital.runtime.domains
        transport = LocalTransport(domains.subgraphs, seconds_of=lambda name: 30.0)
        self.pipeline = Pipeline(SUPERGRAPH, transport, NO_LIMITS)

    async def ask(self, document: str, viewer: Viewer, /, **variables: Any) -> dict[str, Any]:
        """The answer of the composed API in this process, past HTTP and its check of tokens."""
        call = self.pipeline.prepare(GraphQLRequest(document, None, variables))
        return dict(await self.pipeline.execute(call, RequestContext(viewer.headers)))

    async def ask_subgraph(
        self, name: str, document: str, viewer: Viewer, variables: Mapping[str, Any]
    ) -> dict[str, Any]:
        return await self.hospital.runtime.domains.subgraphs[name].execute(document, variables, None, viewer.headers)

    def seat(self, viewer: Viewer, patient_id: str | None) -> Seat:
        """Towards that patient's things."""
        principal = viewer.principal
        treats = principal is not None and self.truth.treats(principal.doctor_id, patient_id)
        return seat_towards(principal, patient_id, treating=treats)

    def seat_at(self, viewer: Viewer, appointment: Mapping[str, Any]) -> Seat:
        """Towards an appointment, which its doctor always sees as one who treats."""
        principal = viewer.principal
        if principal is not None and principal.doctor_id == appointment["doctor"]:
            return Seat.TREATING
        return self.seat(viewer, appointment["patient"])

    def seat_of_doctor(self, viewer: Viewer, doctor_id: str) -> Seat:
        """Towards a doctor's own things."""
        principal = viewer.principal
        return seat_towards(principal, None, treating=principal is not None and principal.doctor_id == doctor_id)


def leaves_of(kind: str) -> list[str]:
    """The fields of a public type that are values."""
    named = PUBLIC.type_map[kind]
    assert isinstance(named, GraphQLObjectType)
    return [name for name, own in named.fields.items() if is_leaf_type(get_named_type(own.type))]


async def furnished(hospital: Hospital) -> Ward:
    """Who and what is needed for every seat, towards one patient's things and another's."""
    people = {
        "own patient": await hospital.patient(
            "Own Huzaifa", address="Delhi , Saket ", phone="+919876543210", weight=70.5
        ),
        "another patient": await hospital.patient("Another Patient", height=180.0, sex="FEMALE"),
        "treating doctor": await hospital.doctor("Dr. Treating"),
        "another doctor": await hospital.doctor("Dr. Another"),
        "former doctor": await hospital.doctor("Dr. Former"),
        "colleague": await hospital.doctor("Dr. Colleague"),
    }
    beginning = (await hospital.data("{ c: appointmentChangesCursor }", hospital.desk))["c"]
    visits = await _visits(hospital, people)
    money = await _money(hospital, people, visits)
    ward = Ward(hospital, people, visits, await _leaves(hospital, people), money, beginning)
    ward.records = await _records(ward)
    await hospital.runtime.delivery.settled()
    await hospital.all_sent()
    ward.viewers = await _viewers(hospital, people)
    ward.truth = await _truth(ward)
    return ward


async def _visits(hospital: Hospital, people: dict[str, Person]) -> dict[str, str]:
    plan = {
        "own": ("own patient", "treating doctor", 0),
        "another": ("another patient", "another doctor", 0),
        "former": ("own patient", "former doctor", 1),
        "colleague": ("own patient", "colleague", 2),
    }
    made = {}
    for name, (patient, doctor, place) in plan.items():
        slots = await hospital.slots(people[doctor], days=1)
        booked = await hospital.booked(people[patient], people[doctor], slots[place], notes=f"Notes of {name}")
        made[name] = booked["id"]
    accept, cancel = "acceptAppointment", "cancelAppointment"
    await hospital.done(accept, people["treating doctor"].bearer, id=made["own"], reason="Reason of own")
    await hospital.done(accept, people["another doctor"].bearer, id=made["another"], reason="Reason of another")
    await hospital.done(cancel, people["own patient"].bearer, id=made["former"], reason="Reason of former")
    return made


async def _records(ward: Ward) -> dict[str, str]:
    """One for each visit that was accepted, amended once; and an allergy of each patient."""
    found = {}
    for name, doctor in (("own", "treating doctor"), ("another", "another doctor")):
        patient, bearer = ward.people[f"{name} patient"], ward.people[doctor].bearer
        given = {
            "appointmentId": ward.appointments[name],
            "description": f"Record of {name}",
            "diagnoses": [{"code": "J06.9", "note": f"Note of {name}"}],
            "medicines": [{"name": "Paracetamol", "dosage": "500mg", "duration": "5 days"}],
        }
        made = await ward.hospital.done(
            "createMedicalRecord", bearer, "medicalRecord { id }", patientId=patient.id, **given
        )
        found[name] = made["id"]
        amended = {"id": made["id"], "reason": f"Amendment of {name}", "medicines": given["medicines"] * 2}
        await ward.hospital.done("amendMedicalRecord", bearer, **amended)
        allergy = ImportedAllergy(f"ward:{name}", patient.id, f"Allergy of {name}", "1191", "low", LONG_AGO)
        await ward.hospital.runtime.domains.records.service.import_allergies([allergy])
    return found


async def _money(hospital: Hospital, people: dict[str, Person], visits: dict[str, str]) -> dict[str, dict[str, str]]:
    """By whose visit it is of: the ids of a bill, of a payment of part of it, of a policy and of a claim."""
    clerk, found = hospital.staff["BILLING_CLERK"].bearer, {}
    days = {"validFrom": "2020-01-01", "validTo": "2099-12-31"}
    for name, patient in (("own", "own patient"), ("another", "another patient")):
        amounts = {"drugsAmount": "900", "consultationFee": "100"}
        bill = await hospital.done("createBill", clerk, "bill { id }", appointmentId=visits[name], **amounts)
        insured = {"insurer": f"Insurer of {name}", "policyNumber": f"P-{name}", "coveragePercent": "50", **days}
        policy = await hospital.done(
            "addInsurancePolicy", clerk, "policy { id }", patientId=people[patient].id, **insured
        )
        about = {"billId": bill["id"], "idempotencyKey": f"ward {name}"}
        claim = await hospital.done("submitInsuranceClaim", clerk, "claim { id }", policyId=policy["id"], **about)
        decided = {"id": claim["id"], "approvedAmount": "400", "reason": f"Reason of {name}"}
        await hospital.done("decideInsuranceClaim", clerk, "claim { id }", **decided)
        pay = {"method": "INSURANCE", "claimId": claim["id"], **about}
        payment = await hospital.done("payBill", clerk, "payment { id }", **pay)
        parts = {"bill": bill, "payment": payment, "policy": policy, "claim": claim}
        found[name] = {part: row["id"] for part, row in parts.items()}
    return found


async def _leaves(hospital: Hospital, people: dict[str, Person]) -> dict[str, str]:
    first = hospital.clock.now().replace(microsecond=0) + timedelta(days=60)
    span = {"from": first.isoformat(), "to": (first + timedelta(days=1)).isoformat()}
    found = {}
    for name in ("treating doctor", "another doctor"):
        given = {"doctorId": people[name].id, **span, "reason": f"Leave of {name}"}
        made = await hospital.done("addLeave", people[name].bearer, "doctor { leave { id } }", **given)
        [leave] = made["leave"]
        found[name] = leave["id"]
    return found


async def _viewers(hospital: Hospital, people: dict[str, Person]) -> dict[str, Viewer]:
    found = {"nobody": Viewer("nobody")}
    document = "{ viewer { account { id role email } patient { id } doctor { id } } }"
    for name, person in {**people, **hospital.staff}.items():
        if name == "colleague":
            continue  # sits where the treating doctor does
        seen = (await hospital.data(document, person.bearer))["viewer"]
        account, patient, doctor = seen["account"], seen["patient"] or {}, seen["doctor"] or {}
        principal = Principal(
            account["id"], RoleName(account["role"]), account["email"], patient.get("id"), doctor.get("id")
        )
        found[name] = Viewer(name, person.bearer, principal)
    return found


async def _truth(ward: Ward) -> Truth:
    hospital, truth = ward.hospital, Truth()
    everything = f"""
    {{
      patients(first: 100) {{ nodes {{ {" ".join(leaves_of("Patient"))} }} }}
      departments {{ {" ".join(leaves_of("Department"))} }}
      doctors(first: 100) {{
        nodes {{
          {" ".join(leaves_of("Doctor"))} department {{ id }}
          availability {{ day startTime endTime }} leave {{ {" ".join(leaves_of("Leave"))} }}
          openSlots(from: "{day(hospital, 2)}", to: "{day(hospital, 2)}") {{ start end }}
        }}
      }}
      appointments(first: 100) {{
        nodes {{
          {" ".join(leaves_of("Appointment"))} patient {{ id }} doctor {{ id }}
          history {{ {" ".join(leaves_of("AppointmentTransition"))} }}
        }}
      }}
    }}
    """
    seen = (await ward.ask(everything, ward.viewers["ADMIN"]))["data"]
    truth.patients = _by_id(seen["patients"]["nodes"])
    truth.departments = _by_id(seen["departments"])
    truth.doctors = {
        id: row | {"department": row["department"]["id"]} for id, row in _by_id(seen["doctors"]["nodes"]).items()
    }
    truth.appointments = {
        id: row | {"patient": row["patient"]["id"], "doctor": row["doctor"]["id"]}
        for id, row in _by_id(seen["appointments"]["nodes"]).items()
    }
    for name in ("own patient", "another patient"):
        await _add_records(ward, truth, name)
    await _truth_of_money(ward, truth)
    truth.templates, truth.notifications = await _told(ward, truth)
    events = f"{{ {BOOKINGS} {{ nodes {{ {' '.join(leaves_of('AuditEvent'))} }} }} }}"
    seen = (await ward.ask(events, ward.viewers["AUDITOR"]))["data"]
    truth.events = _by_id(seen["auditEvents"]["nodes"])
    accounts = f"query ($email: String!) {{ account(email: $email) {{ {' '.join(leaves_of('Account'))} }} }}"
    for viewer in ward.viewers.values():
        if viewer.principal is not None:
            seen = (await ward.ask(accounts, ward.viewers["ADMIN"], email=viewer.principal.name))["data"]
            truth.accounts[viewer.principal.account_id] = seen["account"]
    return truth


async def _add_records(ward: Ward, truth: Truth, name: str) -> None:
    """As the patient sees them."""
    whole = f"""
      description diagnoses {{ {" ".join(leaves_of("Diagnosis"))} }} medicines {{ {" ".join(leaves_of("Medicine"))} }}
    """
    document = f"""
    query ($id: ID!) {{
      patient(id: $id) {{
        medicalRecordIds
        allergies {{ {" ".join(leaves_of("Allergy"))} }}
        medicalRecords {{
          nodes {{
            {" ".join(leaves_of("MedicalRecord"))} doctor {{ id }} appointment {{ id }} {whole}
            versions {{ {" ".join(leaves_of("MedicalRecordVersion"))} {whole} }}
          }}
        }}
      }}
    }}
    """
    id = ward.people[name].id
    seen = (await ward.ask(document, ward.viewers[name], id=id))["data"]["patient"]
    truth.patients[id]["medicalRecordIds"] = seen["medicalRecordIds"]
    truth.allergies |= {row["id"]: row | {"patient": id} for row in seen["allergies"]}
    for row in seen["medicalRecords"]["nodes"]:
        whose = {"patient": id, "doctor": row["doctor"]["id"], "appointment": row["appointment"]["id"]}
        truth.records[row["id"]] = row | whose


async def _truth_of_money(ward: Ward, truth: Truth) -> None:
    everything = f"""
    {{
      bills(first: 100) {{
        nodes {{
          {" ".join(leaves_of("Bill"))} appointment {{ id }} patient {{ id }}
          payments {{ {" ".join(leaves_of("Payment"))} claim {{ id }} }}
          claims {{ {" ".join(leaves_of("InsuranceClaim"))} policy {{ id }} }}
        }}
      }}
      patients(first: 100) {{ nodes {{ id insurancePolicies {{ {" ".join(leaves_of("InsurancePolicy"))} }} }} }}
      {report_of(ward.hospital)} {{
        {" ".join(leaves_of("BillingReport"))}
        byDay {{ {" ".join(leaves_of("BillingDay"))} }} byDoctor {{ {" ".join(leaves_of("BillingByDoctor"))} }}
      }}
    }}
    """
    seen = (await ward.ask(everything, ward.viewers["ADMIN"]))["data"]
    for bill in seen["bills"]["nodes"]:
        own = {"bill": bill["id"], "patient": bill["patient"]["id"]}
        payments = [row | own | {"claim": row["claim"]["id"]} for row in bill["payments"]]
        claims = [row | own | {"policy": row["policy"]["id"]} for row in bill["claims"]]
        visit = {"appointment": bill["appointment"]["id"]}
        truth.bills[bill["id"]] = bill | own | visit | {"payments": payments, "claims": claims}
    for patient in seen["patients"]["nodes"]:
        truth.policies |= _by_id([row | {"patient": patient["id"]} for row in patient["insurancePolicies"]])
    truth.report = seen["billingReport"]


def report_of(hospital: Hospital) -> str:
    return f'billingReport(from: "{day(hospital, -1)}", to: "{day(hospital, 1)}")'


async def _told(ward: Ward, truth: Truth) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The templates, and the notifications with whose they are."""
    everything = f"""
    {{
      notificationTemplates {{ {" ".join(leaves_of("NotificationTemplate"))} }}
      notifications(first: 100) {{ nodes {{ {" ".join(leaves_of("Notification"))} }} }}
    }}
    """
    seen = (await ward.ask(everything, ward.viewers["ADMIN"]))["data"]
    whose = {row[way]: id for id, row in truth.patients.items() for way in ("email", "phone") if row[way]}
    sent = {
        id: row | {"patient": whose[row["recipient"]]} for id, row in _by_id(seen["notifications"]["nodes"]).items()
    }
    return _by_id(seen["notificationTemplates"]), sent


BOOKINGS = 'auditEvents(filter: {type: "appointment.booked"}, first: 100)'
"""Events that do not become more while the walk goes on, as denials do."""


def day(hospital: Hospital, ahead: int) -> str:
    return (hospital.clock.now().date() + timedelta(days=ahead)).isoformat()


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}
