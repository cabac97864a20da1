"""Which hospital a command is for, and how it is opened.

That of components over their databases; that of a folder here where it is free, and where it is in use through the
hospital that runs.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from hospital.components.operations import component_operations
from hospital.components.settings import ComponentSettings
from hospital.control import RemoteOperations, connected
from hospital.folder import DataFolder, InUse, Occupant
from hospital.names import NAMES
from hospital.operations import LocalOperations, Operations
from hospital.problems import CannotDo
from hospital.runtime import open_runtime
from hospital.settings import (
    Setting,
    meaningless_variables,
    read_component_settings,
    read_kafka_settings,
    read_settings,
)


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


def components_meant(data: Path | None) -> ComponentSettings | None:
    """Where no folder is named, and the settings name a database or a broker: only components have these."""
    components = read_component_settings()
    databases = {f"{name}_database_url" for name in NAMES} & components.model_fields_set
    is_meant = data is None and (databases or "servers" in read_kafka_settings().model_fields_set)
    return components if is_meant else None


@asynccontextmanager
async def operations_of(data: Path | None, *, may_be_new: bool = False) -> AsyncIterator[Operations]:
    """Of the hospital that is meant; says where it made one. Raises CannotDo."""
    components = components_meant(data)
    if components is not None:
        async with component_operations(components) as over_databases:
            yield over_databases
        return
    folder = folder_of(data)
    is_new = not folder.is_hospital
    if is_new and not may_be_new:
        raise CannotDo(f"There is no hospital in {folder.path}. Another folder is named with --data.")
    async with _opened(folder) as operations:
        yield operations
    if is_new:
        typer.echo(f"A new hospital was made in {folder.path}.", err=True)


@asynccontextmanager
async def _opened(folder: DataFolder) -> AsyncIterator[Operations]:
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
