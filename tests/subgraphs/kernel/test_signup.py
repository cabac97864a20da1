import asyncio
from datetime import timedelta

import pytest

from subgraphs.kernel import signup
from subgraphs.kernel.errors import IdempotencyKeyReused, InvalidInput, Problem, Refused
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signup import HOLD_SETTLED_AFTER, WRITTEN_WITHIN, HoldEnded, NewLogin
from subgraphs.kernel.tables import PositionRow

LOGIN = NewLogin("asha@example.com", "a fine password", RoleName.PATIENT)


class Logins:
    """Remembers for whom it was asked; `on_hold` runs when it is."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.released: list[str] = []
        self.on_hold = lambda: None
        self.while_writing: list = []

    async def hold(self, *, email, password, role, subject_id) -> None:
        assert (email, password, role) == (LOGIN.email, LOGIN.password, LOGIN.role)
        self.held.append(subject_id)
        done = self.on_hold()
        if done is not None:
            await done

    async def release(self, *, role, subject_id) -> None:
        assert role == LOGIN.role
        self.released.append(subject_id)


@pytest.fixture
def logins() -> Logins:
    return Logins()


@pytest.fixture
def make(base, logins):
    async def write(session, id: str) -> None:
        for step in logins.while_writing:
            await step()
        session.add(PositionRow(consumer=id, topic="t", position=0))

    async def run(key: str | None = None, password: str = LOGIN.password) -> str:
        wanted = await signup.claim("asha@example.com", "register", key, {"name": "Asha"}, password)
        return await signup.with_login(base, logins, wanted, LOGIN, write)

    return run


async def test_the_login_is_held_for_the_id_that_is_written_after_it(make, logins, count_of):
    logins.on_hold = lambda: nothing_stands(count_of)
    id = await make()
    assert logins.held == [id]
    assert await count_of(PositionRow) == 1


async def nothing_stands(count_of):
    assert await count_of(PositionRow) == 0


async def test_what_accounts_refuses_is_not_written(make, logins, count_of):
    async def refuse():
        raise Refused(Problem("EMAIL_TAKEN", "There is one."))

    logins.on_hold = refuse
    with pytest.raises(Refused, match="There is one"):
        await make("k")
    assert await count_of(PositionRow) == 0


async def test_what_was_held_too_long_ago_is_not_written_and_the_next_try_holds_the_same_id(
    make, logins, clock, count_of
):
    async def dawdle():
        clock.move(WRITTEN_WITHIN + timedelta(seconds=1))

    logins.on_hold = dawdle
    with pytest.raises(HoldEnded):
        await make("k")
    assert await count_of(PositionRow) == 0
    logins.on_hold = lambda: None
    assert [await make("k")] * 2 == logins.held


async def fail() -> None:
    raise RuntimeError("the disk is full")


async def test_a_write_that_fails_releases_the_hold_at_once(make, logins, count_of):
    logins.while_writing = [fail]
    with pytest.raises(RuntimeError, match="the disk is full"):
        await make()
    assert logins.released == logins.held != []
    assert await count_of(PositionRow) == 0


async def test_a_caller_who_goes_away_while_it_is_written_leaves_no_hold(make, logins):
    reached = asyncio.Event()

    async def wait() -> None:
        reached.set()
        await asyncio.sleep(60)

    logins.while_writing = [wait]
    making = asyncio.create_task(make())
    await reached.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert logins.released == logins.held != []


async def test_an_equal_request_may_be_writing_so_with_a_key_the_hold_stays(make, logins):
    logins.while_writing = [fail]
    with pytest.raises(RuntimeError):
        await make("k")
    logins.while_writing = []
    assert await make("k") == logins.held[0]
    assert logins.released == []


async def test_what_may_have_been_committed_stays_held(make, logins, base):
    async def lose_the_answer(events) -> None:
        raise ConnectionError("lost")

    base.database.after_commit = lose_the_answer
    with pytest.raises(ConnectionError, match="lost"):
        await make()
    assert logins.released == []


async def test_a_hold_that_cannot_be_released_is_left_and_the_failure_is_the_writes(make, logins, monkeypatch):
    async def down(self, **given) -> None:
        raise ConnectionError("accounts are down")

    monkeypatch.setattr(Logins, "release", down)
    logins.while_writing = [fail]
    with pytest.raises(RuntimeError, match="the disk is full"):
        await make()


async def test_a_repeat_holds_nothing_and_another_password_is_another_request(make, logins):
    id = await make("k")
    assert await make("k") == id
    with pytest.raises(IdempotencyKeyReused):
        await make("k", "another password")
    assert logins.held == [id]


async def test_twenty_equal_ones_at_once_hold_one_id(make, logins, count_of):
    assert set(await asyncio.gather(*(make("k") for _ in range(20)))) == set(logins.held)
    assert await count_of(PositionRow) == 1


async def test_one_that_is_refused_because_an_equal_one_was_faster_gets_what_that_made(make, logins):
    async def another_is_faster():
        logins.on_hold = lambda: None
        faster.append(await make("k"))
        raise Refused(Problem("EMAIL_TAKEN", "There is one."))

    faster: list[str] = []
    logins.on_hold = another_is_faster
    assert [await make("k")] == faster


def test_a_row_is_written_long_before_accounts_settles_the_hold():
    assert WRITTEN_WITHIN * 2 <= HOLD_SETTLED_AFTER


def test_a_password_is_text_whatever_its_strength():
    assert signup.password("") == ""
    with pytest.raises(InvalidInput):
        signup.password("half \ud800")


def test_a_password_is_not_shown():
    assert LOGIN.password not in repr(LOGIN)
