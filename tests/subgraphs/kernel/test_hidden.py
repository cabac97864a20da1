import pytest
from sqlmodel import func, select

from subgraphs.kernel.errors import NotFound, Target
from subgraphs.kernel.hidden import Hidden, noting_denials
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.tables import PositionRow

DOCTOR = Principal("account-1", RoleName.DOCTOR, "rao@example.com")


async def refused(base, error):
    """Tries to write, and finds that error on the way."""

    async def work(session) -> None:
        session.add(PositionRow(consumer="c", topic="t", position=0))
        await session.flush()
        raise error

    with pytest.raises(NotFound) as caught:
        async with noting_denials(base, DOCTOR, "updateThing"):
            await base.database.transaction(work)
    return [(problem.code, problem.message, problem.field) for problem in caught.value.problems]


async def test_what_is_hidden_is_answered_as_what_is_unknown_and_noted_beside_what_is_rolled_back(base, announced_by):
    unknown = await refused(base, NotFound("thing", "id"))
    assert await announced_by(base) == []
    assert await refused(base, Hidden("thing", "id", Target("Thing", "7", "patient-1"))) == unknown
    [event] = await announced_by(base)
    assert (event.data["deed"], event.data["denied_id"], event.audit["patientid"]) == ("updateThing", "7", "patient-1")
    assert event.actor.account_id == "account-1"
    async with base.database.reading() as session:
        assert (await session.exec(select(func.count()).select_from(PositionRow))).one() == 0
