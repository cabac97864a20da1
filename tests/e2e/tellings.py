"""What the files say was told of what came to pass: one event for each fact, each in the trail, each mailed once.

As `books` does, it takes nothing from the hospital's own code. Every check raises AssertionError.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from tests.e2e.books import Books, Row

STEPS = {None: "appointment.booked", "ACCEPTED": "appointment.accepted"}
MAILED = {
    "appointment.booked": ("Appointment requested for", "You asked for an appointment"),
    "appointment.accepted": ("Appointment accepted for", "has accepted your appointment"),
    "bill.created": ("Your bill", "There is a new bill for you"),
    "bill.paid": ("Payment Status - SUCCESS", "is successful!"),
    "payment.failed": ("Payment Status - FAILED", "did not go through"),
    "payment.refunded": ("Payment Status - REFUNDED", "We have paid you back"),
}
"""By event: how the mail's subject begins, and what mail and SMS say."""

HASHED = {
    "id": "id",
    "sequence": "sequence",
    "action": "action",
    "outcome": "outcome",
    "type": "type",
    "resourceType": "resource_type",
    "resourceId": "resource_id",
    "patientId": "patient_id",
    "actorId": "actor_id",
    "actorName": "actor_name",
    "actorRole": "actor_role",
    "reason": "reason",
}


def check_events(books: Books) -> None:
    """One for each fact of every domain, and none without a fact; at no time was more paid than there was to pay."""
    events = books.events()
    assert Counter((event["type"], _of(event)) for event in events) == Counter(_facts(books))
    bills = [event["data"] for event in events if event["domain"] == "billing"]
    assert all(Decimal(bill["amount_paid"]) <= Decimal(bill["total"]) for bill in bills)


def _of(event: Row) -> str:
    return str(event["data"].get("payment_id") or event["subject"])


def _facts(books: Books) -> list[tuple[str, str]]:
    kept: list[tuple[str, str, str, Callable[[Row], str | None]]] = [
        ("patients", "patients", "id", lambda row: "patient.registered"),
        ("doctors", "departments", "id", lambda row: "department.created"),
        ("doctors", "doctors", "id", lambda row: "doctor.registered"),
        ("accounts", "accounts", "id", lambda row: "account.created"),
        ("accounts", "sessions", "id", lambda row: "session.signed_in"),
        ("appointments", "transitions", "appointment_id", lambda row: STEPS[row["from_status"] and row["to_status"]]),
        ("billing", "bills", "id", lambda row: "bill.created"),
        ("billing", "bills", "id", lambda row: "bill.voided" if row["status"] == "VOID" else None),
        ("billing", "payments", "id", lambda row: "payment.failed" if row["status"] == "FAILED" else "bill.paid"),
        ("billing", "payments", "id", lambda row: "payment.refunded" if row["status"] == "REFUNDED" else None),
    ]
    return _refused_refunds(books) + [
        (type, row[id])
        for domain, table, id, type_of in kept
        for row in books.rows(domain, f"SELECT * FROM {table}")  # noqa: S608
        if (type := type_of(row)) is not None
    ]


def _refused_refunds(books: Books) -> list[tuple[str, str]]:
    """Of those that were begun, all but the one that gave the payment back or is under way."""
    begun = books.rows("billing", "SELECT * FROM payments WHERE refund_number > 0")
    open_or_done = {row["id"]: row["status"] == "REFUNDED" or row["ask_at"] is not None for row in begun}
    return [
        ("payment.refund_failed", row["id"])
        for row in begun
        for _ in range(row["refund_number"] - open_or_done[row["id"]])
    ]


def check_trail(books: Books) -> None:
    """A chain without gaps whose hashes hold, with just the events that were announced, each in its own words."""
    trail = books.rows("audit", "SELECT * FROM audit_events ORDER BY sequence")
    assert [event["sequence"] for event in trail] == list(range(1, len(trail) + 1))
    previous = "0" * 64
    for event in trail:
        assert (event["previous_hash"], event["hash"]) == (previous, _hash(previous, event)), event
        previous = event["hash"]
    told = {event["id"]: (event["type"], event.get("auditresourceid")) for event in books.events()}
    assert {event["id"]: (event["type"], event["resource_id"]) for event in trail} == told
    [head] = books.rows("audit", "SELECT * FROM chain_marks WHERE name = 'head'")
    assert (head["sequence"], head["hash"]) == (len(trail), previous)


def _hash(previous: str, event: Row) -> str:
    """SHA-256 of the previous hash and the RFC 8785 form of the fields, all names of which are ASCII here."""
    fields = {name: event[column] for name, column in HASHED.items()}
    fields |= {"occurredAt": _instant(event["occurred_at"]), "recordedAt": _instant(event["recorded_at"])}
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _instant(kept: str) -> str:
    return kept.replace(" ", "T").removesuffix(".000000") + "Z"


def check_mailbox(books: Books) -> None:
    """Of each event that is told, one mail and one SMS to its patient, in its own words; and nothing else."""
    reached = {row["id"]: row for row in books.rows("patients", "SELECT id, email, phone FROM patients")}
    wanted: Counter[tuple[str, str, str]] = Counter()
    for event in books.events():
        if event["type"] in MAILED:
            patient, about = reached[event["data"]["patient_id"]], _about(event)
            wanted.update((patient[where], event["type"], about) for where in ("email", "phone"))
    assert Counter(map(_told, books.rows("mailbox", "SELECT * FROM mails"))) == wanted


def _about(event: Row) -> str:
    """What tells one from another of its type: the bill and the amount, or the time."""
    data = event["data"]
    if "slot" in data:
        return f"{data['slot'][:10]} at {data['slot'][11:16]}"
    whole, _, cents = str(data.get("amount", data["total"])).partition(".")
    return f"{data['bill_number']} {whole}.{cents[0] if cents[1:] == '0' else cents}"


def _told(mail: Row) -> tuple[str, str, str]:
    [(type, _)] = [(type, says) for type, (subject, says) in MAILED.items() if _says(mail, subject, says)]
    if type.startswith("appointment"):
        return mail["to"], type, mail["text"].partition(" on ")[2][:19]
    words = mail["text"].replace("!", "").replace(",", "").split()
    [number] = {word.rstrip(".") for word in words if word[:2] == "20" and "-" in word}
    [amount] = {word.rstrip(".") for word in words if word.rstrip(".").replace(".", "").isdecimal() and "." in word}
    return mail["to"], type, f"{number} {amount}"


def _says(mail: Row, subject: str, says: str) -> bool:
    if mail["to"].startswith("+"):
        return mail["subject"] == "" and says in mail["text"]
    return str(mail["subject"]).startswith(subject)
