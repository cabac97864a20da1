"""The `hospital` command, and what it says of what it cannot do."""

import os
import sys

import typer
from sqlalchemy.exc import DBAPIError

from hospital.commands.components import keys, router, subgraph, work
from hospital.commands.databases import databases
from hospital.commands.dead_letters import dead_letters
from hospital.commands.desk import create_admin, migrate, settings, verify_audit
from hospital.commands.import_fhir import import_fhir
from hospital.commands.replay import replay
from hospital.commands.topics import topics
from hospital.commands.up import up
from hospital.logs import configure_logs
from hospital.problems import CannotDo
from hospital.settings import read_log_settings
from subgraphs.kernel.errors import Refused

app = typer.Typer(
    name="hospital",
    help="A hospital on one federated GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(migrate)
app.command()(settings)
app.command("create-admin")(create_admin)
app.command("import-fhir")(import_fhir)
app.add_typer(dead_letters, name="dead-letters")
app.command("verify-audit")(verify_audit)
app.command()(router)
app.command()(subgraph)
app.command("worker")(work)
app.command()(keys)
app.command()(databases)
app.command()(topics)
app.command()(replay)


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
