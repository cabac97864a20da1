"""One component as a child of this process: its output goes on with its name before each line."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import typer

LONGEST_LINE_BYTES = 1_000_000


@dataclass(frozen=True)
class Component:
    """What is started: `arguments` are those of the `hospital` command."""

    name: str
    arguments: tuple[str, ...]


class Child(Protocol):
    """A process of the system, whose output is read here; its standard input stays open as long as this one lives."""

    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None

    async def wait(self) -> int: ...

    def send_signal(self, number: int, /) -> None: ...


Start: TypeAlias = Callable[[Component], Awaitable[Child]]
"""Raises OSError where the system does not start one."""


class Process:
    """A component that was started. It says that it works by the first line on its standard output.

    By its standard input it knows that this process lives. It has a session of its own, so that Ctrl-C on a terminal
    reaches this process alone, which then ends its children in order.
    """

    def __init__(self, component: Component, child: Child) -> None:
        self.works = asyncio.Event()
        self._name, self._child = component.name, child
        assert child.stdout is not None
        assert child.stderr is not None
        self._output = asyncio.gather(
            self._said(child.stdout), _passed_on(child.stderr, component.name, err=True), return_exceptions=True
        )

    @classmethod
    async def started(cls, component: Component, start: Start) -> Self:
        return cls(component, await start(component))

    async def ended(self) -> int:
        """Its exit status, when all that it said was passed on; of a signal, the number below zero."""
        status = await self._child.wait()
        await self._output
        return status

    def end(self) -> None:
        self._signalled(signal.SIGTERM)

    def kill(self) -> None:
        self._signalled(signal.SIGKILL)

    def _signalled(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._child.send_signal(number)

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
