"""The rows of the domains against the table of the house, and against every field that there is."""

import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

from subgraphs.kernel.access import Seat
from subgraphs.kernel.principal import RoleName
from tests.access.rows import DEEDS, PUBLIC, THINGS, deeds_of, is_plumbing, object_types, things_of

TABLE = Path(os.environ.get("HOSPITAL_TEST_ACCESS") or Path(__file__).parents[3] / "shared" / "ACCESS.md")
needs_table = pytest.mark.skipif(
    not TABLE.is_file(), reason=f"The table is not at {TABLE}: set HOSPITAL_TEST_ACCESS to where ACCESS.md is."
)

ANYBODYS = ": anybody's"
"""Ends the name of a thing that is seen where the table says `yes`, and not where it says `own`."""

MUTATIONS_OF_ROWS = {
    ("sign up, sign in", 0): "signIn refreshSession requestPasswordReset resetPassword",
    ("register a patient without a password; register doctors", 0): "registerPatient",
    ("register a patient without a password; register doctors", 1): "registerDoctor",
    ("update a patient", 0): "updatePatient",
    ("departments, staff accounts, templates", 0): (
        "createDepartment createStaffAccount updateNotificationTemplate previewNotificationTemplate"
    ),
    ("a doctor's data and fee; hours and leave", 0): "updateDoctor",
    ("a doctor's data and fee; hours and leave", 1): "setAvailability addLeave removeLeave",
    ("book, reschedule, cancel", 0): "bookAppointment rescheduleAppointment",
    ("book, reschedule, cancel", 1): "cancelAppointment",
    ("accept, reject, complete", 0): "acceptAppointment rejectAppointment completeAppointment",
    ("check in, mark a no-show", 0): "checkInAppointment",
    ("check in, mark a no-show", 1): "markNoShow",
    ("write and amend a record", 0): "createMedicalRecord amendMedicalRecord",
    ("break the glass", 0): "breakGlass",
    ("create a bill, add a policy, submit and decide claims", 0): (
        "createBill addInsurancePolicy submitInsuranceClaim decideInsuranceClaim"
    ),
    ("pay a bill", 0): "payBill",
    ("void a bill, refund a payment", 0): "voidBill refundPayment",
    ("disable an account, deactivate a doctor", 0): "disableAccount deactivateDoctor",
    ("invite to a login", 0): "inviteAccount",
}
"""Which mutations each part of a row of deeds (parted by `;`) stands for."""

OF_WHO_IS_SIGNED_IN = {"signOut", "changePassword"}
"""No row of the table: each acts on the session or the login of who asks, and on nothing else."""


def tables() -> list[list[list[str]]]:
    """The rows of each table of the document, without its head."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", TABLE.read_text("utf-8"), re.MULTILINE)
    lines = [block.splitlines()[2:] for block in blocks]
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in table] for table in lines]


def seen_by() -> dict[str, set[Seat]]:
    """By thing; a row of two things (`x: its times / its reason`) becomes both."""
    found: dict[str, set[Seat]] = {}
    for name, *cells in tables()[0]:
        whose, _, parts = name.partition(": ") if " / " in name else (name, "", "")
        for place, part in enumerate(parts.split(" / ")):
            own = [cell.split(" / ")[place] if parts else cell for cell in cells]
            assert set(own) <= {"yes", "own", "–"}, name
            assert len(own) == len(Seat), name
            seats = {seat for seat, cell in zip(Seat, own, strict=True) if cell != "–"}
            found[f"{whose}: {part}" if parts else whose] = seats
    return found


@needs_table
def test_every_thing_is_seen_by_whom_the_table_says():
    table = seen_by()
    own_only = {seat for seat, cell in zip(Seat, account_row(), strict=True) if cell == "own"}
    for thing in THINGS:
        name = thing.name.removesuffix(ANYBODYS)
        assert thing.seen_by == (table[name] if name == thing.name else table[name] - own_only), thing.name
    named = {thing.name.removesuffix(ANYBODYS) for thing in THINGS}
    assert set(table) == named


def account_row() -> list[str]:
    [row] = [cells for name, *cells in tables()[0] if name == "an account (login, role)"]
    return row


@needs_table
def test_every_deed_is_done_by_whom_the_table_says():
    done_by: dict[str, set[RoleName | None]] = defaultdict(set)
    for name, who in tables()[1]:
        parts = who.split("; ")
        for (row, place), mutations in MUTATIONS_OF_ROWS.items():
            for mutation in mutations.split() if row == name else ():
                done_by[mutation] |= roles(parts[place]) | (roles(parts[0]) if "also" in parts[place] else set())
    done_by["registerPatient"] |= {None}  # with a password: the row `sign up`
    for deed in DEEDS:
        for mutation in set(deed.mutations) - OF_WHO_IS_SIGNED_IN:
            assert deed.done_by <= done_by[mutation], mutation
    assert {mutation: roles_of(mutation) for mutation in done_by} == done_by
    assert {name for name, _ in tables()[1]} == {row for row, _ in MUTATIONS_OF_ROWS}


def roles_of(mutation: str) -> set[RoleName | None]:
    return {role for deed in deeds_of(mutation) for role in deed.done_by}


def roles(text: str) -> set[RoleName | None]:
    if text == "anyone":
        return {None}
    found: set[RoleName | None] = {role for role in RoleName if re.search(rf"\b{role.value}\b", text)}
    found |= {RoleName.PATIENT} if "the patient" in text else set()
    return found | ({RoleName.DOCTOR} if re.search("the (treating )?doctor", text) else set())


WHOLE_TYPES = {
    "Account": "createdAt disabled email id role",
    "AuditChain": "firstBrokenSequence headHash intact length",
    "AuditEvent": (
        "action actorId actorName actorRole hash id occurredAt outcome patient patientId previousHash reason"
        " recordedAt resourceId resourceType sequence type"
    ),
    "Availability": "day endTime startTime",
    "Department": "doctors id name",
    "Doctor": (
        "active appointments availability consultationFee createdAt department email id leave name openSlots"
        " slotMinutes specialty timeZone updatedAt version"
    ),
    "Notification": "attempts body channel createdAt event id lastError recipient sentAt status subject",
    "NotificationTemplate": "body channel event id locale subject updatedAt version",
    "Viewer": "account doctor patient",
}
"""Types that a row names whole, as they were when that was found right: a field more is to be looked at first."""


def test_every_field_stands_in_exactly_one_row():
    fields = [f"{kind.name}.{name}" for kind in object_types() if not is_plumbing(kind.name) for name in kind.fields]
    assert len(fields) > 80
    assert {field: len(things_of(field)) for field in fields} == dict.fromkeys(fields, 1)


def test_a_type_that_stands_in_a_row_whole_has_no_field_that_nobody_looked_at():
    named = {field.removesuffix(".*") for thing in THINGS for field in thing.fields if field.endswith(".*")}
    assert {name: " ".join(sorted(PUBLIC.type_map[name].fields)) for name in named} == WHOLE_TYPES  # type: ignore[attr-defined]


def test_every_mutation_is_a_deed():
    assert PUBLIC.mutation_type is not None
    assert {name: bool(deeds_of(name)) for name in PUBLIC.mutation_type.fields} == dict.fromkeys(
        PUBLIC.mutation_type.fields, True
    )


def test_no_row_names_what_is_not_there():
    assert PUBLIC.mutation_type is not None
    fields = {f"{kind.name}.{name}" for kind in object_types() for name in [*kind.fields, "*"]}
    assert {field for thing in THINGS for field in thing.fields} - fields == set()
    assert {mutation for deed in DEEDS for mutation in deed.mutations} - set(PUBLIC.mutation_type.fields) == set()
