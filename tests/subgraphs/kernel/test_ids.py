import threading
import time
import uuid

from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel import ids
from subgraphs.kernel.ids import IdSource, is_id, new_id


def test_ids_are_distinct_and_sort_in_the_order_they_were_made():
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_an_id_is_a_uuid_of_version_7_that_tells_its_time():
    before = time.time_ns() // 1_000_000
    known = uuid.UUID(IdSource().next())
    assert (known.version, known.variant) == (7, uuid.RFC_4122)
    assert before <= known.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_grow_also_when_the_clock_steps_back(monkeypatch):
    source = IdSource()
    first = source.next()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 0)
    assert first < source.next() < source.next()


def test_threads_never_share_an_id():
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@given(some.text())
def test_only_what_has_the_form_of_an_id_is_one(text):
    assert not is_id(text)
    assert is_id(new_id())
    assert not is_id(new_id() + text[:1] + "\n")
