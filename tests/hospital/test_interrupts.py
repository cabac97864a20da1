"""Ctrl-C before the hospital is open: it ends with the status that shells know, and no traceback."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from hospital.server import serve
from router.server import bind
from router.settings import RouterSettings


def test_while_it_imports_it_ends_without_a_word():
    command = [sys.executable, "-X", "importtime", "-m", "hospital", "up", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(line.endswith(" typer\n") for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said = [line for line in process.stderr if not line.startswith("import time:")]
        assert (process.wait(30), process.stdout.read(), said) == (130, "", [])


async def test_just_before_it_serves_the_server_does_not_begin():
    begun: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        begun.append("lifespan")
        yield

    async def interrupted() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await serve(app, RouterSettings(), listener, lambda: None)

    async def drain() -> None:
        begun.append("drain")

    app = Starlette(lifespan=lifespan)
    app.state.drain = drain
    with bind("127.0.0.1", 0) as listener, pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(interrupted())
    assert begun == []
