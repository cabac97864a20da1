"""The routers that are measured, each a program of its own that is held to the first core."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.services.ports import spare_port

GATEWAYS = Path(__file__).with_name("gateways")
OURS = "router"
_STARTED_WITHIN_SECONDS = 120.0


@dataclass(frozen=True)
class Contender:
    """`command` names the supergraph and the port as {supergraph} and {port}."""

    name: str
    command: tuple[str, ...]
    path: str = "/graphql"
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    contender: Contender
    port: int
    group: int


_OURS = {"HOSPITAL_ROUTER_LIMITS__COST": str(10**12), "HOSPITAL_ROUTER_TRAFFIC__SHARING__QUERIES": "false"}
_HIVE = (
    *("node", str(GATEWAYS / "node_modules/@graphql-hive/gateway/dist/bin.js"), "supergraph", "{supergraph}"),
    *("--port", "{port}", "--host", "127.0.0.1", "--config-path", str(GATEWAYS / "hive.config.mjs"), "--fork", "1"),
)
_HIVE_ROUTER = {
    "HIVE_CONFIG_FILE_PATH": str(GATEWAYS / "hive-router.yaml"),
    "ROUTER_CONFIG_FILE_PATH": str(GATEWAYS / "hive-router.yaml"),  # before 0.3
    "SUPERGRAPH_FILE_PATH": "{supergraph}",
    "HOST": "127.0.0.1",
    "PORT": "{port}",
}


def contenders() -> list[Contender]:
    """Those of the machine: ours always, Hive Router where it is installed."""
    ours = (sys.executable, "-m", "router", "--supergraph", "{supergraph}", "--port", "{port}")
    found = [
        Contender(OURS, ours, environment=_OURS),
        Contender("Apollo Gateway", ("node", str(GATEWAYS / "apollo.mjs"), "{supergraph}", "{port}"), "/"),
        Contender("Hive Gateway", _HIVE),
        Contender("Hive Gateway, Rust planner", _HIVE, environment={"HIVE_PLANNER": "rust"}),
    ]
    if program := shutil.which("hive_router") or shutil.which("hive-router"):
        found.append(Contender("Hive Router", (program,), environment=_HIVE_ROUTER))
    return found


def listened_to() -> list[Contender]:
    """Those that serve subscriptions; ours also with a stream from the subgraph for each listener."""
    ours, _, hive, *_ = contenders()
    not_shared = {"HOSPITAL_ROUTER_SUBSCRIPTIONS__SHARED": "false"}
    alone = replace(ours, name=f"{OURS}, nothing shared", environment=not_shared)
    return [ours, alone, hive]


@asynccontextmanager
async def running(contender: Contender, supergraph: Path, logs: Path, core: int) -> AsyncIterator[Running]:
    port = spare_port()
    command, environment = _filled(contender, supergraph, port)
    log = logs / f"{contender.name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "NODE_ENV": "production", **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
    try:
        await _until_it_listens(process, port, log)
        yield Running(contender, port, process.pid)
    finally:
        await _end(process)


def _filled(contender: Contender, supergraph: Path, port: int) -> tuple[list[str], dict[str, str]]:
    command = [part.format(supergraph=supergraph, port=port) for part in contender.command]
    return command, {n: v.format(supergraph=supergraph, port=port) for n, v in contender.environment.items()}


async def _until_it_listens(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(_STARTED_WITHIN_SECONDS):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
    raise SystemExit(f"{log.stem} did not start:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
