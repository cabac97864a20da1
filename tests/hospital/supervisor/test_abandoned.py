"""Components whose supervisor was killed: none stays."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.hospital.supervisor.test_supervising import is_alive, until

SUPERVISOR = """
import asyncio, os, sys
from hospital.supervisor.executing import Executing
from hospital.supervisor.process import Component
from hospital.supervisor.supervising import Supervisor
child, start = Component("child", ("-c", sys.argv[1])), Executing(os.environ, program=(sys.executable,)).start
asyncio.run(Supervisor([[child, child]], start).run(lambda name: None, lambda: None))
"""
CHILD = """
import os, signal, time
from hospital.components.supervised import end_with_standard_input
{before}
end_with_standard_input(last_seconds=0.5)
print("works", flush=True)
open({pids!r}, "a").write(f"{{os.getpid()}}\\n")
{after}
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
BUSY = "while True: pass"


@pytest.mark.parametrize(("before", "after"), [("", "time.sleep(600)"), (DEAF, "time.sleep(600)"), (DEAF, BUSY)])
async def test_children_end_when_their_supervisor_is_killed(tmp_path: Path, before: str, after: str):
    pids = tmp_path / "pids"
    child = CHILD.format(pids=str(pids), before=before, after=after)
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", SUPERVISOR, child)
    children = [int(pid) for pid in await until(pids, 2)]
    supervisor.send_signal(signal.SIGKILL)
    await supervisor.wait()
    try:
        async with asyncio.timeout(30):
            while any(is_alive(pid) for pid in children):  # noqa: ASYNC110 (they are nobody's children now)
                await asyncio.sleep(0.05)
    finally:
        for pid in filter(is_alive, children):
            os.kill(pid, signal.SIGKILL)
