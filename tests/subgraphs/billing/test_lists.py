"""Lists and nested fields: who sees which bills, page by page, and what a screen costs in statements."""

from datetime import timedelta

import pytest

from tests.subgraphs.billing.conftest import codes

SCREEN = """
query ($of: [_Any!]!) {
  _entities(representations: $of) {
    ... on Patient {
      bills(first: 10) {
        totalCount
        nodes {
          number status total balance appointment { id } patient { id }
          payments { amount bill { number } claim { status policy { insurer } } }
          claims { amount policy { insurer } bill { number } }
        }
      }
      insurancePolicies { insurer }
    }
  }
}
"""
LIST = """
query ($filter: BillFilter, $first: Int! = 20, $after: String) {
  bills(filter: $filter, first: $first, after: $after) {
    totalCount nodes { number } pageInfo { hasNextPage endCursor }
  }
}
"""


def of_patients(*ids):
    return [{"__typename": "Patient", "id": id} for id in ids]


async def test_a_patient_with_ten_bills_costs_as_many_statements_as_one_with_none(house, statements, clock):
    patient = await house.patient()
    policy = await house.policy(patient)
    costs = []
    for _ in range(3):
        bill = await house.bill(await house.visit(patient))
        claim = await house.claim(bill, policy, "100")
        await house.paid(bill, method="INSURANCE", claimId=claim["id"])
        await house.paid(bill, amount="10")
        clock.move(timedelta(seconds=1))
        statements.clear()
        [found] = (await house.ask(SCREEN, house.as_patient(patient), of=of_patients(patient)))["_entities"]
        costs.append(len(statements))
    assert [bill["number"] for bill in found["bills"]["nodes"]] == ["2026-000003", "2026-000002", "2026-000001"]
    assert found["bills"]["totalCount"] == 3
    assert costs == [8, 8, 8]  # bills, their count, policies; payments, claims; a payment's bill, claim, policy


async def test_the_bills_of_many_patients_are_one_statement(house, statements):
    patients = [await house.patient() for _ in range(4)]
    for patient in patients:
        for _ in range(2):
            await house.bill(await house.visit(patient))
    statements.clear()
    document = (
        "query ($of: [_Any!]!) { _entities(representations: $of)"
        " { ... on Patient { bills(first: 1) { nodes { number } } } } }"
    )
    found = (await house.ask(document, house.clerk, of=of_patients(*patients)))["_entities"]
    assert [[node["number"] for node in one["bills"]["nodes"]] for one in found] == [
        [f"2026-00000{place}"] for place in (2, 4, 6, 8)
    ]
    assert len(statements) == 1


async def test_a_cursor_of_a_patients_bills_is_none_of_the_whole_list_nor_the_other_way(house):
    patient = await house.patient()
    await house.bill(await house.visit(patient))
    document = """
    query ($of: [_Any!]!, $after: String) {
      _entities(representations: $of) { ... on Patient { bills(after: $after) { pageInfo { endCursor } } } }
    }
    """
    [found] = (await house.ask(document, house.clerk, of=of_patients(patient)))["_entities"]
    of_patient = found["bills"]["pageInfo"]["endCursor"]
    whole = (await house.ask(LIST, house.clerk))["bills"]["pageInfo"]["endCursor"]
    assert await house.refused(LIST, house.clerk, after=of_patient) == "BAD_USER_INPUT"
    assert await house.refused(document, house.clerk, of=of_patients(patient), after=whole) == "BAD_USER_INPUT"


async def test_appointments_have_the_bill_that_is_not_void(house, statements):
    patient = await house.patient()
    visits = [await house.visit(patient) for _ in range(3)]
    bills = [await house.bill(visit) for visit in visits[:2]]
    await house.done("voidBill", id=bills[0]["id"], reason="Wrong")
    document = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Appointment { bill { number } } } }"
    of = [{"__typename": "Appointment", "id": id} for id in (*visits, "nobody")]
    statements.clear()
    found = (await house.ask(document, house.as_patient(patient), of=of))["_entities"]
    assert [one["bill"] for one in found] == [None, {"number": "2026-000002"}, None, None]
    assert len(statements) == 1
    for bearer in (house.as_patient(await house.patient()), house.bearer("DOCTOR"), None):
        found = (await house.ask(document, bearer, of=of))["_entities"]
        assert {one["bill"] and "seen" for one in found} == {None}


async def test_a_list_is_filtered_and_turned_page_by_page(house, clock):
    patients = [await house.patient() for _ in range(2)]
    for turn in range(6):
        bill = await house.bill(await house.visit(patients[turn % 2]))
        if turn == 5:
            await house.paid(bill)
        clock.move(timedelta(days=1))
    found, after = [], None
    while True:
        page = (await house.ask(LIST, house.clerk, first=4, after=after))["bills"]
        found += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (found, page["totalCount"]) == ([f"2026-00000{place}" for place in (6, 5, 4, 3, 2, 1)], 6)
    for narrowed, expected in (
        ({"patientId": patients[0]}, 3),
        ({"patientId": "nobody"}, 0),
        ({"status": ["PAID"]}, 1),
        ({"status": []}, 0),
        ({"from": "2026-03-03", "to": "2026-03-04"}, 2),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 6),
    ):
        page = (await house.ask(LIST, house.clerk, filter=narrowed))["bills"]
        assert (len(page["nodes"]), page["totalCount"]) == (expected, expected), narrowed
    own = (await house.ask(LIST, house.as_patient(patients[0]), filter={"patientId": patients[1]}))["bills"]
    assert (own["totalCount"], own["nodes"]) == (0, [])
    assert (await house.ask(LIST, house.as_patient(patients[0])))["bills"]["totalCount"] == 3


@pytest.mark.parametrize("role", ["DOCTOR", "RECEPTIONIST", "AUDITOR"])
async def test_a_role_that_sees_no_bill_is_told_so(house, role):
    for document in (LIST, '{ bill(id: "nobody") { id } }', '{ insuranceClaim(id: "nobody") { id } }'):
        assert await house.refused(document, house.bearer(role)) == "FORBIDDEN"
        assert await house.refused(document, None) == "UNAUTHENTICATED"
    found = (await house.ask(SCREEN, house.bearer(role), of=of_patients(await house.patient())))["_entities"]
    assert found == [None]


async def test_a_strangers_bill_is_neither_read_nor_paid_and_that_is_noted(house):
    owner, stranger = await house.patient(), await house.patient()
    bill = await house.bill(await house.visit(owner))
    claim = await house.claim(bill, await house.policy(owner))
    before = len(await house.outbox())
    bearer = house.as_patient(stranger)
    document = "query ($b: ID!, $c: ID!) { bill(id: $b) { id } insuranceClaim(id: $c) { id } }"
    assert await house.ask(document, bearer, b=bill["id"], c=claim["id"]) == {"bill": None, "insuranceClaim": None}
    assert codes(await house.pay(bill, bearer)) == ["NOT_FOUND"]
    denied = (await house.outbox())[before:]
    assert sorted((fact["deed"], fact["denied_type"], fact["patient_id"]) for _, fact in denied) == [
        ("bill", "Bill", owner),
        ("insuranceClaim", "Bill", owner),
        ("payBill", "Bill", owner),
    ]
    assert (await house.read(bill))["status"] == "PENDING"
