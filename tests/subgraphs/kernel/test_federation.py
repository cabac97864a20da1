import pytest
import strawberry
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import select

from subgraphs.kernel.arrivals import NotAsked
from subgraphs.kernel.errors import BadUserInput, Forbidden, Target
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.federation import Subgraph, subgraph_schema
from subgraphs.kernel.peers import Unanswered
from subgraphs.kernel.tables import OutboxRow


@strawberry.type
class Query:
    @strawberry.field
    def fine(self, from_: int = 1) -> int | None:
        return from_

    @strawberry.field
    def broken(self) -> int | None:
        raise KeyError("/srv/secret/path")

    @strawberry.field
    def wrongly_asked(self) -> int | None:
        raise BadUserInput("Not like that.", reason="WRONG")

    @strawberry.field
    def not_yours(self) -> int | None:
        raise Forbidden(target=Target("Thing", "7"))


@pytest.fixture
def subgraph(base) -> Subgraph:
    return Subgraph("things", subgraph_schema(query=Query), lambda principal: principal, base.tokens, base.denials)


@pytest.fixture
def announced(base):
    async def read() -> list[Envelope]:
        async with base.database.reading() as session:
            return [Envelope.from_json(row.body) for row in await session.exec(select(OutboxRow))]

    return read


async def test_what_goes_wrong_inside_is_masked_and_the_rest_is_answered(subgraph, ask):
    answer = await ask(subgraph, "{ fine(from: 2) broken }")
    assert answer["data"] == {"fine": 2, "broken": None}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["broken"], "INTERNAL_SERVER_ERROR")
    assert error["extensions"].keys() == {"code", "errorId"}
    assert "secret" not in str(answer)


@pytest.mark.parametrize("error", [NotAsked(), Unanswered("patients cannot be asked"), TimeoutError(), PoolTimeout()])
async def test_what_passes_by_itself_says_that_one_may_try_again(error, ask, base):
    def away() -> int:
        raise error

    query = strawberry.type(type("Query", (), {"away": strawberry.field(away)}))
    subgraph = Subgraph("things", subgraph_schema(query=query), lambda principal: principal, base.tokens, base.denials)
    [shown] = (await ask(subgraph, "{ away }"))["errors"]
    assert shown["message"].startswith("A part of the hospital does not answer just now. Try again in a moment")
    assert (shown["extensions"]["code"], shown["extensions"]["reason"]) == ("INTERNAL_SERVER_ERROR", "TRY_AGAIN")


async def test_what_may_be_read_is_shown_with_its_code(subgraph, ask):
    answer = await ask(subgraph, "{ wronglyAsked }")
    [error] = answer["errors"]
    assert (error["message"], error["extensions"]) == ("Not like that.", {"code": "BAD_USER_INPUT", "reason": "WRONG"})


async def test_a_bad_token_ends_the_whole_request(subgraph, ask):
    answer = await ask(subgraph, "{ fine }", "Bearer nonsense")
    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_a_forbidden_field_is_announced_by_its_name_whatever_it_is_called_by(subgraph, ask, signer, announced):
    answer = await ask(subgraph, "{ anything: notYours }", signer.bearer("DOCTOR"))
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    [event] = await announced()
    assert (event.data["deed"], event.data["denied_type"], event.key) == ("notYours", "Thing", "7")


async def test_without_a_token_a_forbidden_field_is_not_announced(subgraph, ask, announced):
    await ask(subgraph, "{ notYours }")
    assert await announced() == []
