"""Who sees what went out, and how a list of it goes on."""

import pytest

from subgraphs.appointments.events import AppointmentAccepted, AppointmentBooked
from tests.subgraphs.notifications.conftest import LIST, MOBILE, visit


def code(answer):
    return answer["errors"][0]["extensions"]["code"]


async def test_a_patient_sees_their_own_and_an_admin_all(ward, signer):
    own, other = await ward.patient(), await ward.patient(email="other@example.com", phone=None)
    await ward.hear(visit(AppointmentBooked, own), visit(AppointmentBooked, other))
    seen = await ward.all(signer.bearer("PATIENT", patient_id=own))
    assert [row["recipient"] for row in seen] == [MOBILE, "huzaifa@example.com"]
    assert len(await ward.all()) == 3
    found = await ward.send(LIST, signer.bearer("PATIENT", patient_id=own), filter={"recipient": "other@example.com"})
    assert found["data"]["notifications"] == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"endCursor": None, "hasNextPage": False},
    }


async def test_a_patients_login_without_a_patient_sees_none(ward, signer):
    await ward.hear(visit(AppointmentBooked, await ward.patient()))
    await ward.links_asked("password.reset")
    assert await ward.all(signer.bearer("PATIENT")) == []


@pytest.mark.parametrize("role", ["DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"])
async def test_nobody_else_sees_any(ward, signer, role):
    for document in (LIST, "{ notificationTemplates { id } }"):
        assert code(await ward.send(document, signer.bearer(role))) == "FORBIDDEN"


async def test_without_a_token_there_is_nothing(ward, ask):
    for document in (LIST, "{ notificationTemplates { id } }"):
        assert code(await ask(ward.domain.subgraph, document)) == "UNAUTHENTICATED"


async def test_they_are_found_by_recipient_event_and_status(ward):
    patient_id = await ward.patient(email="Huzaifa@Example.com")
    await ward.hear(visit(AppointmentBooked, patient_id), visit(AppointmentAccepted, patient_id))
    await ward.settle(*(await ward.take())[:1])
    assert len(await ward.all(recipient="huzaifa@example.com ")) == 2
    assert len(await ward.all(recipient=MOBILE, event="appointment.accepted")) == 1
    assert len(await ward.all(status=["SENT", "FAILED"])) == 1
    assert await ward.all(status=[]) == []
    assert await ward.all(event="nothing") == []


@pytest.mark.parametrize("wanted", [{"recipient": "\ud800"}, {"recipient": "x" * 321}, {"event": "\ud800"}])
async def test_what_cannot_be_looked_for_is_bad_input(ward, wanted):
    assert code(await ward.send(LIST, filter=wanted)) == "BAD_USER_INPUT"


async def test_pages_follow_one_another_newest_first(ward):
    patient_id = await ward.patient()
    for _ in range(4):
        await ward.hear(visit(AppointmentBooked, patient_id))
    whole = [row["id"] for row in await ward.all()]
    assert whole == sorted(whole, reverse=True)
    found, after = [], None
    while True:
        page = (await ward.send(LIST, first=3, after=after))["data"]["notifications"]
        found += [row["id"] for row in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (found, page["totalCount"]) == (whole, 8)
    assert code(await ward.send(LIST, after="nothing")) == "BAD_USER_INPUT"
    assert code(await ward.send(LIST, first=101)) == "BAD_USER_INPUT"


async def test_a_list_costs_one_statement_and_its_count_another(ward, statements):
    await ward.hear(*[visit(AppointmentBooked, await ward.patient()) for _ in range(5)])
    statements.clear()
    await ward.send("{ notifications { nodes { id body } } }")
    assert len(statements) == 1
    await ward.send(LIST)
    assert len(statements) == 3


@pytest.mark.sqlite  # another database tells its plans otherwise
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "newest"),
        ({"event": "claim.decided"}, "of_event"),
        ({"status": ["SENT"]}, "of_status"),
        ({"recipient": MOBILE}, "of_recipient"),
    ],
)
async def test_no_list_is_sorted_or_scanned_however_much_went_out(ward, statements, wanted, index):
    statements.clear()
    await ward.send(
        "query ($filter: NotificationFilter) { notifications(filter: $filter) { nodes { id } } }", filter=wanted
    )
    assert await plan_of(ward, statements) == f"ix_notifications_{index}"


@pytest.mark.sqlite
async def test_what_is_to_be_sent_is_found_in_its_queue_alone(ward, statements):
    statements.clear()
    await ward.take()
    assert await plan_of(ward, statements) == "ix_notifications_waiting"


async def plan_of(ward, statements):
    """The one index that the one statement walks in the order asked for; else the whole plan."""
    [statement] = statements
    async with ward.domain.base.database.reading() as session:
        connection, nothing = await session.connection(), (None,) * statement.count("?")
        plan = [row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", nothing)]
    return plan[0].split()[4] if len(plan) == 1 and "USING INDEX" in plan[0] else plan
