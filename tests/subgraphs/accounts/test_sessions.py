import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from subgraphs.accounts.tables import RefreshTokenRow

SIGN_OUT = "mutation { signOut { errors { code } } }"
DISABLE = 'mutation ($id: ID!) { disableAccount(input: {id: $id, reason: "left"}) { errors { code } } }'
OVER = {"session": None, "errors": [{"code": "SESSION_EXPIRED", "field": ["refreshToken"]}]}


async def test_a_refresh_token_gives_a_new_pair(desk):
    id = await desk.login()
    first = await desk.session()
    second = (await desk.refresh(first["refreshToken"]))["session"]
    assert second["account"] == {"id": id}
    assert second["refreshToken"] != first["refreshToken"]
    third = await desk.refresh(second["refreshToken"])
    assert third["errors"] == []
    viewer = await desk.send("{ viewer { account { id } } }", "Bearer " + third["session"]["accessToken"])
    assert viewer["data"]["viewer"]["account"] == {"id": id}


async def test_a_refresh_token_that_comes_again_ends_the_whole_family(desk):
    await desk.login()
    first = await desk.session()
    second = (await desk.refresh(first["refreshToken"]))["session"]
    assert await desk.refresh(first["refreshToken"]) == OVER
    assert await desk.refresh(second["refreshToken"]) == OVER
    (event,) = await desk.events("session.signed_out")
    assert event["auditreason"] == "a refresh token came twice"


async def test_another_session_of_the_same_login_goes_on(desk):
    await desk.login()
    stolen, other = await desk.session(), await desk.session()
    await desk.refresh(stolen["refreshToken"])
    await desk.refresh(stolen["refreshToken"])
    assert (await desk.refresh(other["refreshToken"]))["errors"] == []


async def test_of_twenty_at_once_with_one_token_exactly_one_wins_and_the_family_ends(desk):
    await desk.login()
    token = (await desk.session())["refreshToken"]
    payloads = await asyncio.gather(*(desk.refresh(token) for _ in range(20)))
    won = [payload["session"] for payload in payloads if payload["session"]]
    assert len(won) == 1
    assert [payload for payload in payloads if not payload["session"]] == [OVER] * 19
    assert await desk.refresh(won[0]["refreshToken"]) == OVER
    assert len(await desk.events("session.signed_out")) == 1


@pytest.mark.parametrize("token", ["", "nothing", "\0", "\ud800", "x" * 100_000])
async def test_an_unknown_token_is_over_and_nothing_is_written(desk, token):
    await desk.login()
    assert await desk.refresh(token) == OVER
    assert await desk.types() == ["account.created"]


async def test_a_session_ends_when_it_is_unused_for_fourteen_days(desk):
    await desk.login()
    token = (await desk.session())["refreshToken"]
    desk.clock.move(timedelta(days=14) - timedelta(seconds=1))
    token = (await desk.refresh(token))["session"]["refreshToken"]
    desk.clock.move(timedelta(days=14))
    assert await desk.refresh(token) == OVER


async def test_a_session_ends_after_thirty_days_however_much_it_is_used(desk):
    await desk.login()
    token = (await desk.session())["refreshToken"]
    for _ in range(29):
        desk.clock.move(timedelta(days=1))
        token = (await desk.refresh(token))["session"]["refreshToken"]
    desk.clock.move(timedelta(days=1))
    assert await desk.refresh(token) == OVER


async def test_signing_out_ends_this_session_and_no_other(desk):
    await desk.login()
    here, there = await desk.session(), await desk.session()
    answer = await desk.send(SIGN_OUT, "Bearer " + here["accessToken"])
    assert answer == {"data": {"signOut": {"errors": []}}}
    assert await desk.refresh(here["refreshToken"]) == OVER
    assert (await desk.refresh(there["refreshToken"]))["errors"] == []
    (event,) = await desk.events("session.signed_out")
    assert event["actorname"] == "asha@example.com"


async def test_signing_out_by_an_access_token_from_before_a_refresh_ends_the_family_too(desk):
    await desk.login()
    first = await desk.session()
    second = (await desk.refresh(first["refreshToken"]))["session"]
    await desk.send(SIGN_OUT, "Bearer " + first["accessToken"])
    assert await desk.refresh(second["refreshToken"]) == OVER


async def test_signing_out_twice_is_announced_once(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    for _ in range(2):
        assert (await desk.send(SIGN_OUT, bearer))["data"]["signOut"]["errors"] == []
    assert len(await desk.events("session.signed_out")) == 1


async def test_nobody_signs_out_without_a_token(desk):
    answer = await desk.send(SIGN_OUT)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_session_named_by_a_token_of_another_login_is_left_alone(desk, signer):
    await desk.login()
    session = await desk.session()
    principal = await desk.domain.base.tokens.principal("Bearer " + session["accessToken"])
    await desk.send(SIGN_OUT, signer.bearer("ADMIN", "somebody-else", sid=principal.session_id))
    assert (await desk.refresh(session["refreshToken"]))["errors"] == []


async def test_an_access_token_lives_to_its_end_after_signing_out(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    await desk.send(SIGN_OUT, bearer)
    assert (await desk.send("{ viewer { account { email } } }", bearer))["data"]["viewer"] is not None


async def test_disabling_ends_all_sessions_at_once(desk, signer):
    id = await desk.login()
    sessions = [await desk.session(), await desk.session()]
    await desk.send(DISABLE, signer.bearer("ADMIN"), id=id)
    for session in sessions:
        assert await desk.refresh(session["refreshToken"]) == OVER


async def test_a_refresh_and_a_disabling_at_once_leave_nothing_open(desk, signer):
    id = await desk.login(role="AUDITOR")
    token = (await desk.session())["refreshToken"]
    refreshed, _ = await asyncio.gather(desk.refresh(token), desk.send(DISABLE, signer.bearer("ADMIN"), id=id))
    if refreshed["session"]:
        assert await desk.refresh(refreshed["session"]["refreshToken"]) == OVER


async def test_what_ended_long_ago_is_forgotten_and_what_lives_is_not(desk):
    await desk.login()
    await desk.session()
    desk.clock.move(timedelta(days=38))
    token = (await desk.session())["refreshToken"]
    await desk.service.prune()
    async with desk.database.reading() as session:
        assert len((await session.exec(select(RefreshTokenRow))).all()) == 1
    assert (await desk.refresh(token))["errors"] == []
