import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kernel.database import Race
from subgraphs.kernel.peers import Unanswered
from workers.failures import is_everybodys, named, passes
from workers.pauses import BackOff


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


EVERYBODYS = [
    *(ConnectionRefusedError(), TimeoutError(), PoolTimeout(), Unanswered("accounts cannot be asked")),
    *(OperationalError("", {}, Exception(code, "")) for code in (1040, 1114, 2013, 3024)),
    RuntimeError("Transport does not expose socket instance"),
    DBAPIError("", {}, Exception(1205, "lock wait")),
    DBAPIError("", {}, Exception("x"), connection_invalidated=True),
    ProgrammingError("", {}, Exception(1146, "Table 'wards.beds' doesn't exist")),
    OperationalError("", {}, Exception(1054, "Unknown column 'bed' in 'field list'")),
    OperationalError("", {}, Exception(2003, "Can't connect")),
    *(OperationalError("", {}, Exception(why)) for why in ("no such table: a", "table a has no column named b")),
    OperationalError("", {}, Exception("database is locked")),
]
PERHAPS_ITS_OWN = [
    Race(),
    OperationalError("", {}, Exception("odd")),
    OperationalError("", {}, Exception(3819, "check")),
]
LASTING = [
    *(ValueError(), KeyError(), OSError(), RuntimeError(), ProgrammingError("", {}, Exception(1064, "syntax"))),
    IntegrityError("", {}, Exception(1062, "duplicate")),
    caused(Race(), IntegrityError("", {}, Exception(1062, "duplicate"))),
]


@pytest.mark.parametrize("error", EVERYBODYS, ids=repr)
def test_what_passes_and_no_message_is_to_blame_for(error):
    assert (passes(error), is_everybodys(error)) == (True, True)


@pytest.mark.parametrize("error", PERHAPS_ITS_OWN, ids=repr)
def test_what_passes_unless_the_message_brings_it_about(error):
    assert (passes(error), is_everybodys(error)) == (True, False)


@pytest.mark.parametrize("error", LASTING, ids=repr)
def test_what_does_not_pass(error):
    assert (passes(error), is_everybodys(error)) == (False, False)


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
