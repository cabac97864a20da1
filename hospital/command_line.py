"""The `hospital` command, and what it says of what it cannot do.

What a command needs is imported when it is asked for: a component begins much sooner without what the others run.
"""

import os
import sys
from importlib import import_module
from typing import Any

import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup
from typer.main import get_command, get_group

from hospital.logs import configure_logs
from hospital.problems import CannotDo
from hospital.settings import read_log_settings
from subgraphs.kernel.errors import Refused

COMMANDS = {
    "up": ("up", "up"),
    "migrate": ("desk", "migrate"),
    "settings": ("desk", "settings"),
    "create-admin": ("desk", "create_admin"),
    "import-fhir": ("import_fhir", "import_fhir"),
    "dead-letters": ("dead_letters", "dead_letters"),
    "verify-audit": ("desk", "verify_audit"),
    "router": ("router", "router"),
    "subgraph": ("subgraph", "subgraph"),
    "worker": ("worker", "work"),
    "keys": ("keys", "keys"),
    "databases": ("databases", "databases"),
    "topics": ("topics", "topics"),
    "replay": ("replay", "replay"),
}
"""By name, the module of hospital.commands and what it is called there."""


class Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Of an unknown name all are looked at, for the nearest."""
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.add_command(_command(name), name)
        return super().get_command(ctx, cmd_name)


def _command(name: str) -> Any:
    module, called = COMMANDS[name]
    found = getattr(import_module(f"hospital.commands.{module}"), called)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
        command.name = name
        return command
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return get_command(single)


app = typer.Typer(
    cls=Commands,
    name="hospital",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def hospital() -> None:
    """A hospital on one federated GraphQL API."""


def run() -> None:
    os.umask(0o077)  # what a hospital writes is for its owner alone
    try:
        configure_logs(read_log_settings())
        app()
    except CannotDo as refused:
        typer.echo(str(refused), err=True)
        sys.exit(refused.status)
    except Refused as refused:
        typer.echo(str(refused), err=True)
        sys.exit(1)
    except DBAPIError as error:
        typer.echo(f"A database of the hospital cannot be used: {error.orig}.", err=True)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"{where}{error.strerror or error}.", err=True)
        sys.exit(1)
