"""A local SMTP server in a process of its own, which takes all mail and keeps none, and tells when it came."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP as Protocol

from tests.services.ports import spare_port


class _Sink:
    def __init__(self, told: TextIO) -> None:
        self._told = told

    async def handle_DATA(self, server: Any, session: Any, taken: Any) -> str:
        self._told.write(f"{time.monotonic()} {taken.rcpt_tos[0]}\n")
        return "250 taken"


@asynccontextmanager
async def taking_mail(told: Path = Path(os.devnull)) -> AsyncIterator[int]:
    """Its port. To `told` it writes for each mail when it came, by the machine's monotonic clock, and to whom."""
    port = spare_port()
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.smtp", str(port), str(told))
    try:
        await _until_open(port)
        yield port
    finally:
        server.terminate()
        await server.wait()


async def _until_open(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SystemExit("the SMTP server did not start")


async def serve(port: int, told: TextIO) -> None:
    loop, sink = asyncio.get_running_loop(), _Sink(told)
    server = await loop.create_server(lambda: Protocol(sink, loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a", buffering=1) as written:
        asyncio.run(serve(int(sys.argv[1]), written))
