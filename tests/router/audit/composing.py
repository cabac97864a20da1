"""The supergraphs of the audit's groups: as published with it, and composed by the composer of `schema/`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
INSTALLED = ROOT / "schema" / "node_modules" / "@theguild"
# The composer gives a field the type of one subgraph, an object, where another says a union. These ask for more.
NARROWED = {"union-intersection-3", "union-intersection-7", "union-intersection-10"}


def published(folder: Path) -> dict[str, str]:
    """By group, its supergraph."""
    return {path.parent.name: path.read_text() for path in sorted(folder.glob("*/supergraph.graphql"))}


def compose(folder: Path) -> dict[str, str]:
    """The same, from its subgraphs."""
    groups = {path.parent.name: _services(path.parent) for path in sorted(folder.glob("*/subgraphs.json"))}
    composed: dict[str, str] = json.loads(_run(json.dumps(groups)))
    return composed


def _services(group: Path) -> list[dict[str, Any]]:
    services: list[dict[str, Any]] = json.loads((group / "subgraphs.json").read_text())
    return [
        {**service, "sdl": (group / "subgraphs" / f"{service['name']}.graphql").read_text()} for service in services
    ]


def _run(groups: str) -> str:
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    command = ["node", str(HERE / "compose.mjs")]
    done = subprocess.run(command, input=groups, capture_output=True, text=True, env={**os.environ, "PATH": path})
    if done.returncode:
        raise RuntimeError(f"The audit's subgraphs cannot be composed: {done.stderr.strip()}")
    return done.stdout
