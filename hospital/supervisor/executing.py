"""Starting components as programs of their own: each imports for itself what it is made of."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from hospital.supervisor.process import LONGEST_LINE_BYTES, Child, Component


@dataclass(frozen=True)
class Executing:
    environment: Mapping[str, str]
    program: tuple[str, ...] = (sys.executable, "-m", "hospital")

    async def start(self, component: Component) -> Child:
        return await asyncio.create_subprocess_exec(
            *(*self.program, *component.arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,
        )

    async def close(self) -> None:
        """Nothing of it is left."""
