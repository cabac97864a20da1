"""What each screen costs in statements: none of them grows with the rows."""

import pytest

WHOLE = """
id name email department { name } availability { day } leave { from reason }
"""
SCREENS = {
    "a list": (f"{{ doctors(first: 100) {{ nodes {{ {WHOLE} }} totalCount }} }}", 4),
    "a search": (f'{{ doctors(search: "dr", specialty: "cardiology") {{ nodes {{ {WHOLE} }} }} }}', 3),
    "a list without more": ("{ doctors { nodes { name slotMinutes } } }", 1),
    "departments": (f"{{ departments {{ doctors(first: 3) {{ totalCount nodes {{ {WHOLE} }} }} }} }}", 5),
}


@pytest.fixture
async def staffed(new_doctor, change, make_department):
    async def hire(name: str) -> None:
        department = await make_department(f"Department of {name}")
        doctor = await new_doctor(name, departmentId=department)
        leave = {"from_": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
        await change("addLeave", doctorId=doctor["id"], **leave)

    return hire


async def test_no_screen_costs_more_where_there_are_more_rows(staffed, query, statements, admin):
    for number in (1, 2, 3, 4):
        await staffed(f"Dr. {number}")
        for screen, (document, expected) in SCREENS.items():
            statements.clear()
            await query(document, admin)
            assert (screen, number, len(statements)) == (screen, number, expected)


async def test_many_entities_cost_one_statement(staffed, query, statements):
    for number in range(3):
        await staffed(f"Dr. {number}")
    nodes = (await query("{ doctors { nodes { id } } }"))["doctors"]["nodes"]
    keys = [{"__typename": "Doctor", "id": node["id"]} for node in nodes]
    statements.clear()
    await query("query ($r: [_Any!]!) { _entities(representations: $r) { ... on Doctor { name } } }", r=keys)
    assert len(statements) == 1


async def test_what_is_no_id_costs_no_statement(query, statements):
    statements.clear()
    await query('{ doctor(id: "nobody") { name } doctors(departmentId: "x") { nodes { id } totalCount } }')
    assert statements == []
