"""Opening a hospital's folder for a command: here where it is free, through the running hospital where it is in use."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from hospital.control import RemoteOperations, connected
from hospital.folder import DataFolder, InUse, Occupant
from hospital.operations import LocalOperations, Operations
from hospital.problems import CannotDo
from hospital.runtime import open_runtime
from hospital.settings import Setting, meaningless_variables, read_settings


def _named(text: str) -> Path:
    if not text.strip():
        raise typer.BadParameter("name a folder, such as ./data")
    return Path(text)


Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="The hospital's data folder.",
        show_default="HOSPITAL_DATA, or ./data",
        parser=_named,
    ),
]


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def warn_of_meaningless(known: list[Setting]) -> None:
    for name in meaningless_variables(known):
        typer.echo(f"{name} is set in the environment, and is none of the hospital's settings.", err=True)


def folder_of(data: Path | None) -> DataFolder:
    return DataFolder(data or read_settings()[0].data)


def existing(folder: DataFolder) -> DataFolder:
    """Raises CannotDo where there is no hospital yet."""
    if not folder.is_hospital:
        raise CannotDo(f"There is no hospital in {folder.path}. Another folder is named with --data.")
    return folder


@asynccontextmanager
async def operations_of(folder: DataFolder) -> AsyncIterator[Operations]:
    """Raises CannotDo."""
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(folder.opened())
        except InUse as taken:
            yield await _through(folder, taken.occupant, stack)
        else:
            runtime = await stack.enter_async_context(open_runtime(folder, read_settings()[0]))
            yield LocalOperations(runtime)


async def _through(folder: DataFolder, occupant: Occupant, stack: AsyncExitStack) -> RemoteOperations:
    try:
        return await stack.enter_async_context(connected(occupant.socket or ""))
    except OSError:
        raise in_use(folder, occupant) from None


def in_use(folder: DataFolder, occupant: Occupant) -> CannotDo:
    return CannotDo(
        f"The hospital in {folder.path} is in use by process {occupant.pid}: stop that first, or wait for it."
    )
