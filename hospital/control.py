"""Commands to a hospital that runs: a JSON line each way over a Unix socket that only its owner can open."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from hospital.operations import IMPORTS, Operations
from hospital.problems import CannotDo
from subgraphs.audit.service import Verification
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.importing import Imported
from subgraphs.records.rules import Codes
from workers.dead_letters import DeadLetter, NoSuchDeadLetter

MAXIMUM_LINE_BYTES = 64_000_000
LAST_COMMANDS_SECONDS = 10.0

log = structlog.get_logger(__name__)

G = TypeVar("G")

_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


@dataclass(frozen=True, slots=True)
class _Command:
    """`of` finds the operation; `takes` are its arguments as JSON, `gives` is its result."""

    of: Callable[[Operations], Callable[..., Awaitable[Any]]]
    takes: TypeAdapter[Any]
    gives: TypeAdapter[Any]


def _method(name: str, takes: Any, gives: Any) -> _Command:
    return _Command(attrgetter(name), TypeAdapter(takes), TypeAdapter(gives))


def _take(kind: Any) -> _Command:
    return _Command(lambda operations: partial(operations.take, kind), TypeAdapter(tuple[list[kind]]), _IMPORTED)


_IMPORTED = TypeAdapter(Imported)
_COMMANDS = {
    "create_admin": _method("create_admin", tuple[str, str], str),
    "codes": _method("codes", tuple[list[str]], Codes),
    "settled": _method("settled", tuple[()], None),
    "dead_letters": _method("dead_letters", tuple[()], list[DeadLetter]),
    "retry": _method("retry", tuple[str], DeadLetter),
    "discard": _method("discard", tuple[str], DeadLetter),
    "verify_audit": _method("verify_audit", tuple[()], Verification),
} | {f"take {kind.__name__}": _take(kind) for kind in IMPORTS}


@asynccontextmanager
async def taking_commands(path: Path, operations: Operations) -> AsyncIterator[None]:
    """Serves `operations` at the socket until the end; commands under way then get some seconds to finish."""
    control = _Control(operations)
    server = await asyncio.start_unix_server(control.serve, sock=_listening(path), limit=MAXIMUM_LINE_BYTES)
    try:
        yield
    finally:
        server.close()
        await control.finish()


def _listening(path: Path) -> socket.socket:
    """Nobody can connect before it listens, and nobody else after."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    os.chmod(path, 0o600)
    return listener


class _Control:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._under_way: set[asyncio.Task[bytes]] = set()
        self._stopping = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(await self._answered(line) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError) as error:
            log.warning("control.connection_lost", error=error)
        finally:
            writer.close()

    async def finish(self) -> None:
        self._stopping = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=LAST_COMMANDS_SECONDS)

    async def _answered(self, line: bytes) -> bytes:
        if self._stopping:
            return _refusal("The hospital is stopping.")
        task = asyncio.create_task(_answer(self._operations, line))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await task


async def _answer(operations: Operations, line: bytes) -> bytes:
    try:
        command, arguments = _command(line)
        result = await command.of(operations)(*arguments)
        return b'{"gives":' + command.gives.dump_json(result) + b"}"
    except (CannotDo, Refused, NoSuchDeadLetter) as refused:
        return _refusal(str(refused))
    except Exception as error:
        log.exception("control.failed")
        return _refusal(f"{type(error).__name__}: {error}")


def _command(line: bytes) -> tuple[_Command, tuple[Any, ...]]:
    """Raises CannotDo for what is no command."""
    try:
        request = _REQUEST.validate_json(line)
        command = _COMMANDS[request["do"]]
        return command, command.takes.validate_python(tuple(request["with"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise CannotDo(f"The running hospital does not know this command: {error}") from None


def _refusal(text: str) -> bytes:
    return orjson.dumps({"refused": text})


class RemoteOperations:
    """The `Operations` of a hospital that runs in another process. What it refuses is raised as CannotDo."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()

    async def create_admin(self, email: str, password: str) -> str:
        return str(await self._ask("create_admin", email, password))

    async def take(self, kind: type[G], batch: Sequence[G]) -> Imported:
        imported: Imported = await self._ask(f"take {kind.__name__}", list(batch))
        return imported

    async def codes(self, asked: Collection[str]) -> Codes:
        codes: Codes = await self._ask("codes", list(asked))
        return codes

    async def settled(self) -> None:
        await self._ask("settled")

    async def dead_letters(self) -> list[DeadLetter]:
        letters: list[DeadLetter] = await self._ask("dead_letters")
        return letters

    async def retry(self, id: str) -> DeadLetter:
        letter: DeadLetter = await self._ask("retry", id)
        return letter

    async def discard(self, id: str) -> DeadLetter:
        letter: DeadLetter = await self._ask("discard", id)
        return letter

    async def verify_audit(self) -> Verification:
        verification: Verification = await self._ask("verify_audit")
        return verification

    async def _ask(self, name: str, *arguments: Any) -> Any:
        command = _COMMANDS[name]
        try:
            async with self._turn:
                request = {"do": name, "with": command.takes.dump_python(arguments, mode="json")}
                self._writer.write(orjson.dumps(request) + b"\n")
                await self._writer.drain()
                answer = orjson.loads(await self._reader.readline())
        except (OSError, ValueError) as error:
            raise CannotDo(f"The hospital stopped before it answered ({error!r}).") from None
        if "refused" in answer:
            raise CannotDo(answer["refused"])
        return command.gives.validate_python(answer["gives"])


@asynccontextmanager
async def connected(path: str) -> AsyncIterator[RemoteOperations]:
    """Raises OSError where nobody listens."""
    reader, writer = await asyncio.open_unix_connection(path, limit=MAXIMUM_LINE_BYTES)
    try:
        yield RemoteOperations(reader, writer)
    finally:
        writer.close()
