"""Supergraphs of the bench's own schemas."""

import asyncio
from pathlib import Path

from tests.bench.router.contenders import GATEWAYS


async def composed(folder: Path, port: int, scratch: Path) -> Path:
    """The file of the supergraph whose subgraphs stand in `folder`, each served at the port under its name."""
    supergraph = scratch / f"{folder.name}.supergraph.graphql"
    with supergraph.open("wb") as output:
        composing = await asyncio.create_subprocess_exec(
            *("node", str(GATEWAYS / "compose.mjs"), f"http://127.0.0.1:{port}", str(folder)), stdout=output
        )
        if await composing.wait():
            raise SystemExit(f"The subgraphs of {folder.name} cannot be composed.")
    return supergraph
