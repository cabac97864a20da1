"""Commands to a hospital that runs: a JSON line each way over a Unix socket that only its owner can open."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from hospital.operations import Operations
from hospital.problems import CannotDo
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.audit.service import Verification
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.importing import Imported
from subgraphs.patients.service.importing import ImportedPatient
from workers.dead_letters import DeadLetter, NoSuchDeadLetter

MAXIMUM_LINE_BYTES = 64_000_000
LAST_COMMANDS_SECONDS = 10.0

log = structlog.get_logger(__name__)

_REQUEST: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_TAKES: dict[str, TypeAdapter[Any]] = {
    "create_admin": TypeAdapter(tuple[str, str]),
    "import_departments": TypeAdapter(tuple[list[ImportedDepartment]]),
    "import_doctors": TypeAdapter(tuple[list[ImportedDoctor]]),
    "import_patients": TypeAdapter(tuple[list[ImportedPatient]]),
    "import_visits": TypeAdapter(tuple[list[ImportedVisit]]),
    "settled": TypeAdapter(tuple[()]),
    "dead_letters": TypeAdapter(tuple[()]),
    "replay": TypeAdapter(tuple[str]),
    "verify_audit": TypeAdapter(tuple[()]),
}
_GIVES: dict[str, TypeAdapter[Any]] = {
    "create_admin": TypeAdapter(str),
    "import_departments": TypeAdapter(Imported),
    "import_doctors": TypeAdapter(Imported),
    "import_patients": TypeAdapter(Imported),
    "import_visits": TypeAdapter(Imported),
    "settled": TypeAdapter(None),
    "dead_letters": TypeAdapter(list[DeadLetter]),
    "replay": TypeAdapter(DeadLetter),
    "verify_audit": TypeAdapter(Verification),
}


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
            log.warning("control.connection_lost", error=repr(error))
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
        name, arguments = _command(line)
        result = await getattr(operations, name)(*arguments)
        return b'{"gives":' + _GIVES[name].dump_json(result) + b"}"
    except (CannotDo, Refused, NoSuchDeadLetter) as refused:
        return _refusal(str(refused))
    except Exception as error:
        log.exception("control.failed")
        return _refusal(f"{type(error).__name__}: {error}")


def _command(line: bytes) -> tuple[str, tuple[Any, ...]]:
    """Raises CannotDo for what is no command."""
    try:
        request = _REQUEST.validate_json(line)
        name = request["do"]
        arguments: tuple[Any, ...] = _TAKES[name].validate_python(tuple(request["with"]))
    except (KeyError, TypeError, ValidationError) as error:
        raise CannotDo(f"The running hospital does not know this command: {error}") from None
    return name, arguments


def _refusal(text: str) -> bytes:
    return orjson.dumps({"refused": text})


class RemoteOperations:
    """The `Operations` of a hospital that runs in another process. What it refuses is raised as CannotDo."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()

    async def create_admin(self, email: str, password: str) -> str:
        return str(await self._ask("create_admin", email, password))

    async def import_departments(self, batch: Sequence[ImportedDepartment]) -> Imported:
        return await self._import("import_departments", batch)

    async def import_doctors(self, batch: Sequence[ImportedDoctor]) -> Imported:
        return await self._import("import_doctors", batch)

    async def import_patients(self, batch: Sequence[ImportedPatient]) -> Imported:
        return await self._import("import_patients", batch)

    async def import_visits(self, batch: Sequence[ImportedVisit]) -> Imported:
        return await self._import("import_visits", batch)

    async def settled(self) -> None:
        await self._ask("settled")

    async def dead_letters(self) -> list[DeadLetter]:
        letters: list[DeadLetter] = await self._ask("dead_letters")
        return letters

    async def replay(self, id: str) -> DeadLetter:
        letter: DeadLetter = await self._ask("replay", id)
        return letter

    async def verify_audit(self) -> Verification:
        verification: Verification = await self._ask("verify_audit")
        return verification

    async def _import(self, name: str, batch: Sequence[Any]) -> Imported:
        imported: Imported = await self._ask(name, list(batch))
        return imported

    async def _ask(self, name: str, *arguments: Any) -> Any:
        try:
            async with self._turn:
                self._writer.write(orjson.dumps({"do": name, "with": _TAKES[name].dump_python(arguments, mode="json")}))
                self._writer.write(b"\n")
                await self._writer.drain()
                answer = orjson.loads(await self._reader.readline())
        except (OSError, ValueError) as error:
            raise CannotDo(f"The hospital stopped before it answered ({error!r}).") from None
        if "refused" in answer:
            raise CannotDo(answer["refused"])
        return _GIVES[name].validate_python(answer["gives"])


@asynccontextmanager
async def connected(path: str) -> AsyncIterator[RemoteOperations]:
    """Raises OSError where nobody listens."""
    reader, writer = await asyncio.open_unix_connection(path, limit=MAXIMUM_LINE_BYTES)
    try:
        yield RemoteOperations(reader, writer)
    finally:
        writer.close()
