"""One component as a child of this process: its output goes on with its name before each line."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

import typer

_LONGEST_LINE_BYTES = 1_000_000


@dataclass(frozen=True)
class Component:
    """What is started, and with what beside the environment of this process."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


class Process:
    """A component that was started. It says that it works by the first line on its standard output.

    Its standard input stays open as long as this process lives, which is how it knows. It has a session of its own, so
    that Ctrl-C on a terminal reaches this process alone, which then ends its children in order.
    """

    def __init__(self, component: Component, process: asyncio.subprocess.Process) -> None:
        self.works = asyncio.Event()
        self._name, self._process = component.name, process
        assert process.stdout is not None
        assert process.stderr is not None
        self._output = asyncio.gather(
            self._said(process.stdout), _passed_on(process.stderr, component.name, err=True), return_exceptions=True
        )

    @classmethod
    async def started(cls, component: Component, environment: Mapping[str, str]) -> Self:
        process = await asyncio.create_subprocess_exec(
            *component.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environment, **component.environment},
            limit=_LONGEST_LINE_BYTES,
            start_new_session=True,
        )
        return cls(component, process)

    async def ended(self) -> int:
        """Its exit status, when all that it said was passed on; of a signal, the number below zero."""
        status = await self._process.wait()
        await self._output
        return status

    def end(self) -> None:
        self._signalled(signal.SIGTERM)

    def kill(self) -> None:
        self._signalled(signal.SIGKILL)

    def _signalled(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _said(self, output: asyncio.StreamReader) -> None:
        if await output.readline():
            self.works.set()
        await _passed_on(output, self._name, err=False)


async def _passed_on(output: asyncio.StreamReader, name: str, *, err: bool) -> None:
    while True:
        try:
            line = await output.readline()
        except ValueError:  # longer than any line should be: what is kept of it is lost
            continue
        if not line:
            return
        typer.echo(f"{name} | {line.decode('utf-8', 'replace').rstrip()}", err=err)
