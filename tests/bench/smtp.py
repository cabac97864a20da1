"""A local SMTP server in a process of its own, which takes all mail and keeps none."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP as Protocol

from tests.bench.server import spare_port


class _Sink:
    async def handle_DATA(self, server: Any, session: Any, taken: Any) -> str:
        return "250 taken"


@asynccontextmanager
async def taking_mail() -> AsyncIterator[int]:
    """Its port."""
    port = spare_port()
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.smtp", str(port))
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


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(_Sink(), loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
