"""What every task waited for, told of a test that was stopped by its time limit."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if call.excinfo is not None and "Timeout" in str(call.excinfo.value):
        tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]
        report.sections.append(("what its tasks waited for", "\n".join(map(_waited_for, tasks))))
    return report


def _waited_for(task: asyncio.Task[Any]) -> str:
    lines = [f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}" for frame in _frames(task)]
    return f"{task.get_name()}\n    " + "\n    ".join(lines)


def _frames(task: asyncio.Task[Any]) -> Iterator[Any]:
    awaited: Any = task.get_coro()
    while awaited is not None:
        if frame := getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None):
            yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
