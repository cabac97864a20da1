"""The small commands of who runs a hospital."""

from typing import Annotated

import typer

from hospital.commands.opening import (
    Data,
    components_meant,
    counted,
    folder_of,
    in_use,
    operations_of,
    warn_of_meaningless,
)
from hospital.components.migrating import migrate_databases
from hospital.domains import migrate_all
from hospital.folder import InUse
from hospital.loop import run
from hospital.settings import every_setting
from subgraphs.accounts.rules import credentials
from subgraphs.audit.service import Verification

_VALUE_WIDTH = 32


def create_admin(
    email: Annotated[str, typer.Option(help="What they sign in with.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when it is left out.")],
    data: Data = None,
) -> None:
    """Makes a login for an administrator, such as the first one."""
    credentials(email, password)

    async def work() -> str:
        async with operations_of(data, may_be_new=True) as operations:
            return await operations.create_admin(email, password)

    typer.echo(f"{run(work())} can sign in as ADMIN.")


def migrate(data: Data = None) -> None:
    """Brings the databases to the newest revision (`hospital up` and `hospital databases` do that as well)."""
    components, folder = components_meant(data), folder_of(data)
    if components is not None:
        run(migrate_databases(components, folder, _say_migrated))
        return
    try:
        with folder.opened():
            run(migrate_all(folder, _say_migrated))
    except InUse as taken:
        raise in_use(folder, taken.occupant) from None


def _say_migrated(name: str) -> None:
    typer.echo(f"{name}: at the newest revision")


def settings() -> None:
    """Every setting with its value and where that comes from; secrets are masked."""
    found = every_setting()
    widest = max(len(setting.name) for setting in found)
    for setting in found:
        value = f"{setting.value:<{_VALUE_WIDTH}}"
        typer.echo(f"{setting.name:<{widest}}  {value}  {setting.source:<11}  {setting.description}".rstrip())
    warn_of_meaningless(found)


def verify_audit(data: Data = None) -> None:
    """Checks the whole audit trail, and against the heads that were signed. Exit status 1 where it does not hold."""

    async def work() -> Verification:
        async with operations_of(data) as operations:
            await operations.settled()
            return await operations.verify_audit()

    found = run(work())
    events, heads = counted(found.head.sequence, "event"), counted(found.signed_heads, "signed head")
    typer.echo(f"{events}, {heads} (the last at event {found.signed_up_to}).")
    for problem in found.problems:
        typer.echo(problem, err=True)
    if not found.intact:
        raise typer.Exit(1)
    typer.echo(f"The trail is intact. Its head is {found.head.hash}.")
