"""What kills the parts of a hospital one after another, and starts again what nobody else does."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from hospital.components.workers import WORKERS
from hospital.names import NAMES
from tests.hospital.supervisor.processes import Processes

KINDS = {
    "router": ("router",),
    "fork server": ("fork server",),
    "subgraph": tuple(f"subgraph {name}" for name in NAMES),
    "worker": tuple(f"worker {name}" for name in WORKERS),
}
"""Of components, as the words of their commands are."""

COMPONENTS = tuple(name for names in KINDS.values() for name in names)

_OF_A_ROUND = 4
_BETWEEN_FIRST_SECONDS, _BETWEEN_SECONDS = (0.5, 2.0), (1.0, 5.0)
_DOWN_SECONDS = (0.0, 2.0)


class Server(Protocol):
    def kill(self) -> None: ...

    def start(self) -> None: ...


@dataclass
class Killer:
    hospital: Processes
    servers: dict[str, Server]
    chance: Random
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._up = set(self.servers)

    async def rage(self, seconds: float, restarts: asyncio.TaskGroup) -> None:
        """However short, one of each kind at least. Behind the group, every server is up again."""
        until = asyncio.get_running_loop().time() + seconds
        for name in self._first_victims():
            await asyncio.sleep(self.chance.uniform(*_BETWEEN_FIRST_SECONDS))
            while not self.kills[name]:  # it may be about to come back
                self._kill(name, restarts)
                await asyncio.sleep(0.2)
        for name in self._victims():
            await asyncio.sleep(self.chance.uniform(*_BETWEEN_SECONDS))
            if asyncio.get_running_loop().time() >= until:
                return
            self._kill(name, restarts)

    def _first_victims(self) -> list[str]:
        """The servers first."""
        kinds = [self.chance.choice(names) for names in KINDS.values()]
        return [*self.chance.sample(list(self.servers), len(self.servers)), *self.chance.sample(kinds, len(kinds))]

    def _victims(self) -> Iterator[str]:
        """The servers in every round; of the components each as often as others."""
        while True:
            components = list(COMPONENTS)
            self.chance.shuffle(components)
            for start in range(0, len(components), _OF_A_ROUND):
                victims = [*self.servers, *components[start : start + _OF_A_ROUND]]
                self.chance.shuffle(victims)
                yield from victims

    def _kill(self, name: str, restarts: asyncio.TaskGroup) -> None:
        if name not in self.servers:
            self._kill_one_of(name)
        elif name in self._up:
            self._up.remove(name)
            restarts.create_task(self._killed_and_started(name))

    @property
    def missed(self) -> list[str]:
        """The kinds of which none was killed."""
        kinds = {name: (name,) for name in self.servers} | KINDS
        return [kind for kind, names in kinds.items() if self.kills.keys().isdisjoint(names)]

    def _kill_one_of(self, component: str) -> None:
        """Of several of that name, any; none where it is not back from the last time."""
        if pids := self.hospital.pids(*component.split()):
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(pids), signal.SIGKILL)
                self.kills[component] += 1

    async def _killed_and_started(self, name: str) -> None:
        server = self.servers[name]
        await asyncio.to_thread(server.kill)
        self.kills[name] += 1
        await asyncio.sleep(self.chance.uniform(*_DOWN_SECONDS))
        await asyncio.to_thread(server.start)
        self._up.add(name)
