"""Role by deed: refused to every role that has it not, before any id is looked at, and nothing is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio

from subgraphs.kernel.principal import RoleName
from tests.access.rows import PUBLIC, deeds_of
from tests.access.ward import UNKNOWN, Viewer, Ward
from tests.e2e.facts import Facts, changed
from tests.e2e.hospital import DAILY, PASSWORD

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("access")]

MUTATIONS = sorted(PUBLIC.mutation_type.fields)  # type: ignore[union-attr]
APPOINTMENTS = {"AppointmentTransitionInput": {}, "RescheduleAppointmentInput": {"slot": "2031-01-01T09:00:00Z"}}
POLICY = {
    "insurer": "New",
    "policyNumber": "P-1",
    "coveragePercent": "50",
    "validFrom": "2026-01-01",
    "validTo": "2026-12-31",
}
SPAN = {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def facts(ward: Ward) -> Any:
    opened = Facts(ward.hospital.runtime.folder.path)
    yield opened
    opened.close()


def given(ward: Ward, mutation: str, *, known: bool) -> dict[str, Any]:
    """An input that would do, but that it names what is there or, the same way, what never was."""

    def id_of(id: str) -> str:
        return id if known else UNKNOWN

    patient, doctor = id_of(ward.people["own patient"].id), id_of(ward.people["treating doctor"].id)
    department = id_of(ward.truth.doctors[ward.people["treating doctor"].id]["department"])
    admin = ward.viewers["BILLING_CLERK"].principal
    assert admin is not None
    inputs: dict[str, dict[str, Any]] = {
        "signIn": {"email": "nobody@example.com", "password": PASSWORD},
        "refreshSession": {"refreshToken": "nothing"},
        "createStaffAccount": {"email": "new@example.com", "password": PASSWORD, "role": "ADMIN"},
        "inviteAccount": {"patientId": patient},
        "disableAccount": {"id": id_of(admin.account_id), "reason": "None"},
        "changePassword": {"currentPassword": "wrong", "newPassword": PASSWORD},
        "requestPasswordReset": {"email": "nobody@example.com"},
        "resetPassword": {"token": "nothing", "newPassword": PASSWORD},
        "registerPatient": {"name": "New", "dob": "1990-01-01"},
        "updatePatient": {"id": patient, "name": "Changed"},
        "createDepartment": {"name": "New"},
        "registerDoctor": {
            "name": "Dr. New",
            "email": "new@example.com",
            "password": PASSWORD,
            "specialty": "All",
            "departmentId": department,
        },
        "updateDoctor": {"id": doctor, "name": "Changed"},
        "setAvailability": {"doctorId": doctor, "availability": DAILY},
        "addLeave": {"doctorId": doctor, **SPAN},
        "removeLeave": {"id": id_of(ward.leaves["treating doctor"])},
        "deactivateDoctor": {"id": doctor},
        **inputs_of_billing({part: id_of(id) for part, id in ward.money["own"].items()}),
        "createBill": {"appointmentId": id_of(ward.appointments["own"]), "drugsAmount": "1"},
        "addInsurancePolicy": {"patientId": patient, **POLICY},
        "updateNotificationTemplate": {"id": id_of(next(iter(ward.truth.templates))), "body": "Changed"},
        "previewNotificationTemplate": {"event": "nothing", "channel": "EMAIL", "body": "Changed"},
        "bookAppointment": {"patientId": patient, "doctorId": doctor, "slot": "2031-01-01T09:00:00Z"},
    }
    inputs |= {
        "createMedicalRecord": {"patientId": patient, "description": "New"},
        "amendMedicalRecord": {"id": id_of(ward.records["own"]), "reason": "None", "description": "Changed"},
        "breakGlass": {"patientId": patient, "reason": "None"},
    }
    kind = input_type(mutation)
    return inputs.get(mutation) or {"id": id_of(ward.appointments["own"]), **APPOINTMENTS.get(kind, {})}


def inputs_of_billing(ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    return {
        "payBill": {"billId": ids["bill"], "method": "CARD", "idempotencyKey": "k"},
        "refundPayment": {"paymentId": ids["payment"], "reason": "None", "idempotencyKey": "k"},
        "voidBill": {"id": ids["bill"], "reason": "None"},
        "submitInsuranceClaim": {"billId": ids["bill"], "policyId": ids["policy"]},
        "decideInsuranceClaim": {"id": ids["claim"], "approvedAmount": "1"},
    }


def input_type(mutation: str) -> str:
    arguments = PUBLIC.mutation_type.fields[mutation].args  # type: ignore[union-attr]
    return str(arguments["input"].type).rstrip("!") if arguments else ""


async def do(ward: Ward, mutation: str, viewer: Viewer, wanted: dict[str, Any]) -> dict[str, Any]:
    kind = input_type(mutation)
    declared, passed = (f"($input: {kind}!)", "(input: $input)") if kind else ("", "")
    document = f"mutation {declared} {{ {mutation}{passed} {{ __typename errors {{ code message field }} }} }}"
    return await ward.ask(document, viewer, **({"input": wanted} if kind else {}))


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def may(mutation: str, role: RoleName | None) -> bool:
    """By the rows; `registerPatient` is without a password here, which nobody may but the desk."""
    deeds = [deed for deed in deeds_of(mutation) if mutation != "registerPatient" or None not in deed.done_by]
    return any(role in deed.done_by or None in deed.done_by for deed in deeds)


ONE_OF_EACH = ("nobody", "own patient", "treating doctor", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR", "ADMIN")


def pairs(*, allowed: bool) -> Iterator[tuple[str, str]]:
    roles = {"nobody": None, "own patient": RoleName.PATIENT, "treating doctor": RoleName.DOCTOR}
    for mutation in MUTATIONS:
        for name in ONE_OF_EACH:
            if may(mutation, roles[name] if name in roles else RoleName(name)) == allowed:
                yield mutation, name


@pytest.mark.parametrize(("mutation", "name"), list(pairs(allowed=False)))
async def test_a_role_without_the_deed_is_refused_before_any_id_is_looked_at(
    ward: Ward, facts: Facts, mutation: str, name: str
):
    viewer, before = ward.viewers[name], facts.digests()
    answers = [await do(ward, mutation, viewer, given(ward, mutation, known=known)) for known in (True, False)]
    assert answers[0] == answers[1]
    assert codes(answers[0]) == ["UNAUTHENTICATED" if viewer.role is None else "FORBIDDEN"]
    assert (answers[0]["data"], answers[0]["errors"][0]["path"]) == ({mutation: None}, [mutation])
    assert changed(before, facts.digests()) == set()


CHANGES_NOTHING_IN_VAIN = {
    *("signOut", "requestPasswordReset", "createStaffAccount", "createDepartment", "registerPatient"),
    *("signIn", "changePassword"),
}
"""Left out next: what needs no id that is there, or counts what was tried."""


@pytest.mark.parametrize(
    ("mutation", "name"), [pair for pair in pairs(allowed=True) if pair[0] not in CHANGES_NOTHING_IN_VAIN]
)
async def test_a_role_with_the_deed_is_told_what_is_wrong_and_changes_nothing_in_vain(
    ward: Ward, facts: Facts, mutation: str, name: str
):
    before = facts.digests()
    answer = await do(ward, mutation, ward.viewers[name], given(ward, mutation, known=False))
    assert codes(answer) == []
    assert answer["data"][mutation]["errors"] != []
    assert changed(before, facts.digests()) == set()


async def test_every_mutation_was_tried():
    tried = {mutation for mutation, _ in pairs(allowed=True)} | {mutation for mutation, _ in pairs(allowed=False)}
    assert tried == set(MUTATIONS)
    assert len(list(pairs(allowed=False))) > 100


HIDDEN = [
    *((mutation, "another patient") for mutation in ("updatePatient", "cancelAppointment", "rescheduleAppointment")),
    *((mutation, "another doctor") for mutation in ("acceptAppointment", "rejectAppointment", "completeAppointment")),
    *((mutation, "another doctor") for mutation in ("cancelAppointment", "markNoShow")),
    ("bookAppointment", "another patient"),
    *((mutation, "another doctor") for mutation in ("createMedicalRecord", "amendMedicalRecord")),
    ("payBill", "another patient"),
]


@pytest.mark.parametrize(("mutation", "name"), HIDDEN)
async def test_what_one_may_not_see_is_not_found_just_as_what_never_was(
    ward: Ward, facts: Facts, mutation: str, name: str
):
    before, viewer = facts.digests(), ward.viewers[name]
    wanted = given(ward, mutation, known=True)
    field = {"payBill": "billId"}.get(mutation, "patientId" if "patientId" in wanted else "id")
    hidden = await do(ward, mutation, viewer, wanted)
    for never in (UNKNOWN, "nobody", ""):
        assert await do(ward, mutation, viewer, wanted | {field: never}) == hidden
    errors = hidden["data"][mutation]["errors"]
    assert [(error["code"], error["field"]) for error in errors] == [("NOT_FOUND", [field])]
    assert changed(before, facts.digests()) == set()


@pytest.mark.parametrize(
    "spoiling",
    [{"slot": "1999-01-01T00:00:00Z"}, {"expectedVersion": 99}, {"reason": "\0"}, {"idempotencyKey": "a\nb"}],
)
async def test_what_else_is_wrong_tells_nothing_of_what_one_may_not_see(
    ward: Ward, facts: Facts, spoiling: dict[str, Any]
):
    """A stale version, a bad reason, a slot that passed: the same answer for what is hidden and what never was."""
    before, patient, doctor = facts.digests(), ward.viewers["another patient"], ward.viewers["another doctor"]
    asked = [("rescheduleAppointment", patient)]
    if "slot" not in spoiling:
        asked += [("cancelAppointment", patient), ("acceptAppointment", doctor)]
    if "expectedVersion" in spoiling:
        asked += [("updatePatient", patient)]
    for mutation, viewer in asked:
        wanted = given(ward, mutation, known=True) | spoiling
        hidden = await do(ward, mutation, viewer, wanted)
        assert await do(ward, mutation, viewer, wanted | {"id": UNKNOWN}) == hidden, mutation
        assert hidden["data"][mutation]["errors"] != []
    assert changed(before, facts.digests()) == set()


async def test_a_key_used_for_ones_own_opens_nothing_of_anothers(ward: Ward, facts: Facts):
    """The entity of a known key is the one it made: naming another's beside it is another input."""
    own = ward.viewers["own patient"]
    key = {"id": ward.appointments["own"], "slot": "1999-01-01T00:00:00Z", "idempotencyKey": "k"}
    assert codes(await do(ward, "rescheduleAppointment", own, key)) == []
    before = facts.digests()
    for id in (ward.appointments["another"], UNKNOWN):
        answer = await do(ward, "rescheduleAppointment", own, key | {"id": id})
        assert [error["code"] for error in answer["data"]["rescheduleAppointment"]["errors"]] == ["NOT_FOUND"]
    assert changed(before, facts.digests()) == set()


async def test_what_one_sees_and_may_not_do_is_forbidden(ward: Ward, facts: Facts):
    """A doctor who treats the patient sees a colleague's appointment, and decides nothing of it; so with hours."""
    before, doctor = facts.digests(), ward.viewers["treating doctor"]
    colleague, another = ward.appointments["colleague"], ward.people["another doctor"].id
    for mutation in (
        "acceptAppointment",
        "rejectAppointment",
        "completeAppointment",
        "cancelAppointment",
        "markNoShow",
    ):
        answer = await do(ward, mutation, doctor, {"id": colleague})
        assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {mutation: None})
    for mutation, wanted in (
        ("setAvailability", {"doctorId": another, "availability": []}),
        ("addLeave", {"doctorId": another, **SPAN}),
        ("removeLeave", {"id": ward.leaves["another doctor"]}),
    ):
        answer = await do(ward, mutation, doctor, wanted)
        assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {mutation: None})
    assert changed(before, facts.digests()) == set()


@pytest.mark.parametrize("method", ["CASH", "BANK_TRANSFER", "INSURANCE"])
async def test_a_patient_records_no_payment_whosever_bill_it_is(ward: Ward, facts: Facts, method: str):
    before, own = facts.digests(), ward.money["own"]
    for bill in (own["bill"], ward.money["another"]["bill"], UNKNOWN):
        wanted = {"billId": bill, "method": method, "idempotencyKey": "k", "claimId": own["claim"]}
        answer = await do(ward, "payBill", ward.viewers["own patient"], wanted)
        assert (codes(answer), answer["data"]) == (["FORBIDDEN"], {"payBill": None})
    assert changed(before, facts.digests()) == set()


async def test_a_booking_without_a_patient_is_the_bookers_own(ward: Ward, facts: Facts):
    before = facts.digests()
    wanted = {"doctorId": ward.people["treating doctor"].id, "slot": "2031-01-01T09:00:00Z"}
    answer = await do(ward, "bookAppointment", ward.viewers["RECEPTIONIST"], wanted)
    assert [(e["code"], e["field"]) for e in answer["data"]["bookAppointment"]["errors"]] == [
        ("INVALID_INPUT", ["patientId"])
    ]
    assert changed(before, facts.digests()) == set()


async def test_the_last_admin_and_oneself_are_not_disabled(ward: Ward, facts: Facts):
    before, admin = facts.digests(), ward.viewers["ADMIN"]
    assert admin.principal is not None
    answer = await do(ward, "disableAccount", admin, {"id": admin.principal.account_id, "reason": "Mistake"})
    assert [error["code"] for error in answer["data"]["disableAccount"]["errors"]] == ["INVALID_INPUT"]
    assert changed(before, facts.digests()) == set()
