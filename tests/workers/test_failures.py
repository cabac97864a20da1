import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kernel.database import Race
from workers.failures import named, passes
from workers.pauses import BackOff


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


PASSING = [
    *(Race(), ConnectionRefusedError(), TimeoutError(), PoolTimeout(), OperationalError("", {}, Exception("gone"))),
    DBAPIError("", {}, Exception(1205, "lock wait")),
    DBAPIError("", {}, Exception("x"), connection_invalidated=True),
]
LASTING = [
    *(ValueError(), KeyError(), OSError(), RuntimeError(), ProgrammingError("", {}, Exception(1064, "syntax"))),
    IntegrityError("", {}, Exception(1062, "duplicate")),
    caused(Race(), IntegrityError("", {}, Exception(1062, "duplicate"))),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes(error):
    assert passes(error)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_does_not_pass(error):
    assert not passes(error)


def test_an_error_is_named_by_its_kind_and_place_alone():
    with pytest.raises(ValueError) as raised:
        int("Huzaifa")
    assert named(raised.value).startswith("ValueError at ")
    assert "Huzaifa" not in named(raised.value)


def test_waits_double_up_to_the_longest_and_start_anew():
    back_off = BackOff(1.0, 30.0)
    wholes = [1, 2, 4, 8, 16, 30, 30]
    for whole in wholes:
        assert whole / 2 <= back_off.next_seconds() <= whole
    back_off.failures = 10**6
    assert back_off.next_seconds() <= 30
    back_off.reset()
    assert back_off.next_seconds() <= 1
