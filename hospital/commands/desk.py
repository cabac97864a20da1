"""The small commands of who runs a hospital."""

from typing import Annotated

import typer

from hospital.commands.opening import Data, counted, existing, folder_of, in_use, operations_of, warn_of_meaningless
from hospital.components.building import House
from hospital.domains import migrate_all
from hospital.folder import InUse
from hospital.loop import run
from hospital.settings import every_setting, read_component_settings, read_settings
from subgraphs.accounts.app import AccountsDomain
from subgraphs.accounts.rules import credentials
from subgraphs.audit.service import Verification

_VALUE_WIDTH = 32


def create_admin(
    email: Annotated[str, typer.Option(help="What they sign in with.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when it is left out.")],
    data: Data = None,
) -> None:
    """Makes a login for an administrator, such as the first one.

    In the database that HOSPITAL_ACCOUNTS_DATABASE_URL names, where it is set and no folder is named.
    """
    credentials(email, password)
    house = House(read_settings()[0], read_component_settings())
    if data is None and "accounts_database_url" in house.components.model_fields_set:
        typer.echo(f"{run(_create_admin(house, email, password))} can sign in as ADMIN.")
        return
    folder = folder_of(data)
    is_new = not folder.is_hospital

    async def work() -> str:
        async with operations_of(folder) as operations:
            return await operations.create_admin(email, password)

    made = run(work())
    if is_new:
        typer.echo(f"A new hospital was made in {folder.path}.", err=True)
    typer.echo(f"{made} can sign in as ADMIN.")


async def _create_admin(house: House, email: str, password: str) -> str:
    accounts = house.domain("accounts")
    assert isinstance(accounts, AccountsDomain)
    try:
        return (await accounts.service.create_admin(email, password)).email
    finally:
        await accounts.base.database.close()
        await house.session.aclose()


def migrate(data: Data = None) -> None:
    """Brings the databases to the newest revision (`hospital up` does that as well)."""
    folder = folder_of(data)
    try:
        with folder.opened():
            run(migrate_all(folder, lambda name: typer.echo(f"{name}: at the newest revision")))
    except InUse as taken:
        raise in_use(folder, taken.occupant) from None


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
        async with operations_of(existing(folder_of(data))) as operations:
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
