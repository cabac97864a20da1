"""The composer of `schema/`, kept running: what it refuses is no schema to test with."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
INSTALLED = ROOT / "schema" / "node_modules" / "@theguild"


@dataclass(frozen=True)
class Composed:
    """`supergraph` is what the router reads, `api` the schema that clients see, by the composer's own account."""

    supergraph: str
    api: str


class Refused(Exception):
    pass


class Composer:
    def __enter__(self) -> "Composer":
        path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        self._process: subprocess.Popen[str] = subprocess.Popen(
            ["node", str(HERE / "compose.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PATH": path},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def compose(self, sdls: Mapping[str, str]) -> Composed:
        services = [{"name": name, "url": f"http://{name}", "sdl": sdl} for name, sdl in sdls.items()]
        answer = self._ask(services)
        if answer["errors"]:
            raise Refused("; ".join(answer["errors"]))
        return Composed(answer["supergraph"], answer["api"])

    def _ask(self, services: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(services) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
