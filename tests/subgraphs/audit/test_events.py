from datetime import timedelta

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from subgraphs.audit import access
from subgraphs.kernel.access import Seat
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.tables import OutboxRow
from tests.subgraphs.audit.conftest import CHAIN, EVENTS

COUNTED = "query ($filter: AuditEventFilter) { auditEvents(filter: $filter) { totalCount nodes { sequence } } }"
MAY_NEVER = ["DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "ADMIN"]


@pytest.fixture
async def forty(tell_all, message, clock) -> None:
    """Forty events a minute apart, of four patients by five actors; every third was denied."""
    await tell_all(
        message(
            Actor(f"actor-{number % 5}", "x@hospital.test", "ADMIN"),
            type="bill.paid" if number % 2 else "bill.created",
            outcome="SUCCESS" if number % 3 else "DENIED",
            resourcetype="Bill" if number % 4 else "Payment",
            resourceid=f"resource-{number % 8}",
            patientid=f"patient-{number % 4}",
            at=clock.now() + timedelta(minutes=number),
        )
        for number in range(40)
    )


@pytest.fixture
def patient(signer) -> str:
    return signer.bearer("PATIENT", patient_id="patient-1")


@pytest.fixture
def found(audit, ask, auditor):
    """The sequences that a filter gives, and how many are counted."""

    async def send(bearer=auditor, **filter) -> list[int]:
        answer = await ask(audit.subgraph, COUNTED, bearer, filter=filter)
        assert "errors" not in answer, answer
        sequences = [node["sequence"] for node in answer["data"]["auditEvents"]["nodes"]]
        assert answer["data"]["auditEvents"]["totalCount"] == len(sequences) or len(sequences) == 20
        return sequences

    return send


async def announced(audit) -> list[OutboxRow]:
    async with audit.base.database.reading() as session:
        return list(await session.exec(select(OutboxRow)))


def code(answer) -> str:
    assert not any((answer["data"] or {}).values())
    return answer["errors"][0]["extensions"]["code"]


async def test_the_newest_come_first_page_by_page(look, forty):
    pages, after = [], None
    for size in (15, 15, 15):
        page = await look(first=size, after=after)
        pages.append([node["sequence"] for node in page["nodes"]])
        after = page["pageInfo"]["endCursor"]
    assert pages == [list(range(40, 25, -1)), list(range(25, 10, -1)), list(range(10, 0, -1))]
    assert page["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True, "endCursor": after}


async def test_events_that_come_in_between_move_no_page(look, forty, tell):
    first = await look(first=5)
    await tell()
    second = await look(first=5, after=first["pageInfo"]["endCursor"])
    assert [node["sequence"] for node in second["nodes"]] == [35, 34, 33, 32, 31]


def numbers(matches) -> list[int]:
    return [number + 1 for number in range(39, -1, -1) if matches(number)]


@pytest.mark.parametrize(
    ("filter", "matches"),
    [
        ({"type": "bill.paid"}, lambda n: n % 2),
        ({"resourceType": "Payment"}, lambda n: n % 4 == 0),
        ({"resourceId": "resource-5"}, lambda n: n % 8 == 5),
        ({"patientId": "patient-2"}, lambda n: n % 4 == 2),
        ({"actorId": "actor-3"}, lambda n: n % 5 == 3),
        ({"outcome": "DENIED"}, lambda n: n % 3 == 0),
        ({"from": "2026-03-02T06:30:00Z"}, lambda n: n >= 30),
        ({"to": "2026-03-02T06:10:00Z"}, lambda n: n < 10),
        ({"from": "2026-03-02T11:35:00+05:30", "to": "2026-03-02T06:08:00Z"}, lambda n: 5 <= n < 8),
        ({"from": "2026-03-02T06:08:00Z", "to": "2026-03-02T06:08:00Z"}, lambda n: False),
        ({"type": "bill.paid", "outcome": "DENIED", "actorId": "actor-4"}, lambda n: n % 30 == 9),
        ({"type": None, "actorId": "actor-3", "from": None}, lambda n: n % 5 == 3),
        ({"type": ""}, lambda n: False),
        ({"type": "BILL.PAID"}, lambda n: False),
        ({"resourceId": "' OR 1=1 --\x00%"}, lambda n: False),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "",
)
async def test_filters_narrow_and_count(found, forty, filter, matches):
    assert await found(**filter) == numbers(matches)[:20]


async def test_a_patient_sees_their_own_events_alone(found, forty, patient):
    own = numbers(lambda n: n % 4 == 1)
    assert await found(patient) == own
    assert await found(patient, patientId="patient-1") == own
    assert await found(patient, actorId="actor-0") == numbers(lambda n: n % 4 == 1 and n % 5 == 0)


async def test_a_patient_who_asks_for_anothers_events_gets_none(found, forty, patient):
    assert await found(patient, patientId="patient-2") == []


async def test_a_patient_without_a_patient_id_sees_nothing(found, forty, signer, tell):
    await tell()
    assert await found(signer.bearer("PATIENT")) == []


@pytest.mark.parametrize("role", MAY_NEVER)
@pytest.mark.parametrize("document", [EVENTS, CHAIN])
async def test_other_roles_are_refused_and_that_is_announced(audit, ask, signer, forty, role, document):
    assert code(await ask(audit.subgraph, document, signer.bearer(role, patient_id="patient-1"))) == "FORBIDDEN"
    assert [row.type for row in await announced(audit)] == ["access.denied"]


async def test_the_chain_is_refused_to_a_patient(audit, ask, patient):
    assert code(await ask(audit.subgraph, CHAIN, patient)) == "FORBIDDEN"


@pytest.mark.parametrize("document", [EVENTS, CHAIN])
async def test_nobody_sees_anything_without_a_token(audit, ask, forty, document):
    assert code(await ask(audit.subgraph, document)) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "variables",
    [
        {"first": 0},
        {"first": 101},
        {"first": -1},
        {"after": "x"},
        {"after": ""},
        {"filter": {"type": "\ud800"}},
        {"filter": {"from": "2026-03-02T06:00:00"}},
    ],
    ids=repr,
)
async def test_what_makes_no_sense_is_bad_input(audit, ask, auditor, variables):
    assert code(await ask(audit.subgraph, EVENTS, auditor, **variables)) == "BAD_USER_INPUT"


async def test_a_cursor_goes_on_under_another_filter_too(look, forty):
    page = await look(first=5)
    rest = await look(after=page["pageInfo"]["endCursor"], filter={"actorId": "actor-0"})
    assert [node["sequence"] for node in rest["nodes"]] == [31, 26, 21, 16, 11, 6, 1]


@pytest.mark.sqlite  # another database tells its plans otherwise
@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"type": "bill.paid"},
        {"resourceType": "Payment"},
        {"resourceId": "resource-5"},
        {"patientId": "patient-2"},
        {"actorId": "actor-3"},
        {"outcome": "DENIED"},
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "",
)
async def test_no_page_sorts_or_scans_and_none_counts_unasked(audit, look, forty, filter):
    statements = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    await look(filter=filter, first=5)
    event.remove(Engine, "before_cursor_execute", note)
    [(statement, parameters)] = statements
    async with audit.base.database.reading() as session:
        plan = await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [row[-1] for row in plan]
    assert len(steps) == 1
    assert "USING INDEX ix_audit_events_" in steps[0] if filter else "SCAN" in steps[0]


def test_its_rows_of_who_may_see_are_those_of_the_house():
    assert access.EVENTS_OF_A_PATIENT.seen_by == {Seat.OWN, Seat.AUDITOR}
    assert access.WHOLE_TRAIL.seen_by == {Seat.AUDITOR}


async def test_what_audit_itself_refuses_is_in_the_trail_too(audit, ask, signer, look):
    await ask(audit.subgraph, CHAIN, signer.bearer("ADMIN", "admin-1"))
    [denial] = await announced(audit)
    [subscriber] = audit.subscribers
    assert "hospital.audit" in subscriber.topics
    await subscriber.receive([Envelope.from_json(denial.body)])
    [denied] = (await look())["nodes"]
    assert (denied["type"], denied["reason"], denied["actorId"]) == ("access.denied", "auditChain", "admin-1")


async def test_whose_an_event_is_leads_to_the_patient_alone_who_may_see_them(tell, audit, ask, auditor, patient):
    await tell(patientid="patient-1")
    document = "{ auditEvents { nodes { patientId patient { id } } } }"
    for bearer, seen in ((patient, {"id": "patient-1"}), (auditor, None)):
        answer = await ask(audit.subgraph, document, bearer)
        assert answer == {"data": {"auditEvents": {"nodes": [{"patientId": "patient-1", "patient": seen}]}}}
