"""Writes what follows from the subgraphs: schema/<subgraph>.graphql and of these schema/supergraph.graphql,
schema/events.json, docs/events.md and the diagrams of docs/states.md; `--check` compares.
"""

import subprocess
import sys
from pathlib import Path

import orjson
from strawberry.federation.schema import Schema

from schema import events, states
from subgraphs.accounts.schema import make_schema as accounts
from subgraphs.appointments.schema import make_schema as appointments
from subgraphs.audit.schema import make_schema as audit
from subgraphs.billing.schema import make_schema as billing
from subgraphs.doctors.schema import make_schema as doctors
from subgraphs.notifications.schema import make_schema as notifications
from subgraphs.patients.schema import make_schema as patients
from subgraphs.records.schema import make_schema as records

FOLDER = Path(__file__).parent
FIRST_PORT = 8771
SUBGRAPHS = {
    "accounts": accounts,
    "patients": patients,
    "doctors": doctors,
    "appointments": appointments,
    "records": records,
    "billing": billing,
    "notifications": notifications,
    "audit": audit,
}


def sdl_of(schema: Schema) -> str:
    """The subgraph's own SDL, as it answers `_service`."""
    result = schema.execute_sync("{ _service { sdl } }")
    if result.data is None:
        raise SystemExit(f"A subgraph does not print its schema: {result.errors}")
    return str(result.data["_service"]["sdl"]).strip() + "\n"


def compose(sdls: dict[str, str]) -> str:
    """The supergraph of these subgraphs, by `compose.mjs`."""
    services = [
        {"name": name, "url": f"http://127.0.0.1:{FIRST_PORT + place}/graphql", "sdl": sdl}
        for place, (name, sdl) in enumerate(sdls.items())
    ]
    composed = subprocess.run(
        ["node", str(FOLDER / "compose.mjs")], input=orjson.dumps(services), capture_output=True, check=False
    )
    if composed.returncode != 0:
        raise SystemExit(f"The subgraphs do not compose:\n{composed.stderr.decode()}")
    return composed.stdout.decode().strip() + "\n"


def generated() -> dict[Path, str]:
    sdls = {name: sdl_of(make()) for name, make in SUBGRAPHS.items()}
    files = {FOLDER / f"{name}.graphql": sdl for name, sdl in sdls.items()}
    pages = {
        states.PAGE: states.drawn(states.PAGE.read_text("utf-8")),
        events.PAGE: events.page(),
        events.RECORD: events.recorded(events.RECORD.read_text("utf-8")),
    }
    return files | {FOLDER / "supergraph.graphql": compose(sdls)} | pages


def main(arguments: list[str]) -> int:
    files = generated()
    if "--check" not in arguments:
        for path, text in files.items():
            path.write_text(text)
        return 0
    stale = [path.name for path, text in files.items() if not path.exists() or path.read_text() != text]
    if stale:
        print(f"Out of date: {', '.join(stale)}. Run `make schema` and commit what it writes.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
