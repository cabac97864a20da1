"""`hospital up --processes`: every component of the hospital a process of its own on this machine."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import structlog
import typer
from rich.console import Console

from hospital.commands.opening import folder_of, in_use, warn_of_meaningless
from hospital.components.building import House
from hospital.components.migrating import migrate_databases
from hospital.folder import DataFolder, InUse
from hospital.names import MIGRATED_BY
from hospital.output import heard_or_not
from hospital.problems import CannotDo, NotThere, as_it_is_set
from hospital.progress import progress
from hospital.server import on_signals
from hospital.settings import every_setting, read_component_settings, read_settings
from hospital.supervisor.executing import Executing
from hospital.supervisor.forking import ForkServer, can_fork
from hospital.supervisor.keeping import Patience
from hospital.supervisor.plan import Addresses, reserved, scale_of, stages, url_of
from hospital.supervisor.supervising import Supervisor
from router.server import CannotListen
from router.settings import RouterSettings
from workers.pauses import BackOff, pause

_BEYOND_DRAINING_SECONDS = 5.0

log = structlog.get_logger(__name__)


def up_as_processes(data: Path | None, host: str, port: int, scale: Sequence[str]) -> None:
    """Raises CannotDo. Exits with 1 where a component had to be killed."""
    wanted = scale_of(scale)
    with as_it_is_set():
        house, router_settings = _house()
        folder = folder_of(data)
    try:
        with heard_or_not(), folder.opened(), reserved(host, port, house.components) as addresses:
            hospital = _Hospital(house, folder, router_settings, addresses, wanted)
            politely = asyncio.run(hospital.run())
    except InUse as taken:
        raise in_use(folder, taken.occupant) from None
    except CannotListen as error:
        raise CannotDo(str(error)) from None
    if not politely:
        raise typer.Exit(1)


def _house() -> tuple[House, RouterSettings]:
    """What is wrong in the settings is said once, before anything begins. Raises CannotDo."""
    warn_of_meaningless(every_setting())
    settings, router_settings = read_settings()
    house = House(settings, read_component_settings())
    house.check_settings()
    return house, router_settings


def _starter(environment: Mapping[str, str]) -> Executing | ForkServer:
    return ForkServer(environment) if can_fork() else Executing(environment)


class _Hospital:
    def __init__(
        self, house: House, folder: DataFolder, settings: RouterSettings, addresses: Addresses, scale: Mapping[str, int]
    ) -> None:
        self._house, self._folder, self._settings, self._addresses = house, folder, settings, addresses
        self._number = sum(scale.values())
        patience = Patience(draining_seconds=settings.drain_seconds + _BEYOND_DRAINING_SECONDS)
        self._starter = _starter(self._environment())
        self._supervisor = Supervisor(stages(addresses, scale), self._starter.start, patience)
        self._console = Console()

    async def run(self) -> bool:
        """Whether all ended in time when it was told to close. Raises CannotRun."""
        try:
            return await self._run()
        finally:
            await self._starter.close()

    async def _run(self) -> bool:
        with on_signals(self._supervisor.stop), ExitStack() as showing:
            advance = showing.enter_context(progress(self._console, len(MIGRATED_BY) + self._number))
            done = count(1)
            if not await self._migrated(lambda name: advance(f"{name}: database", next(done))):
                return True

            def opened() -> None:
                showing.close()
                self._say()

            politely = await self._supervisor.run(lambda name: advance(name, next(done)), opened)
        self._console.print("The hospital is closed.")
        return politely

    async def _migrated(self, on_each: Callable[[str], None]) -> bool:
        """Waits for databases that are not there yet; False when it was told to stop before. Raises CannotRun."""
        back_off = BackOff(1.0, 30.0)
        while not self._supervisor.told.is_set():
            try:
                with as_it_is_set():
                    await migrate_databases(self._house.components, self._folder, on_each)
                return True
            except NotThere as problem:
                seconds = back_off.next_seconds()
                log.error("database.not_there", problem=str(problem), again_in_seconds=round(seconds, 1))
                await pause(self._supervisor.told, seconds)
        return False

    def _environment(self) -> dict[str, str]:
        """What is this process's own, and where all of them are; links lead to the router, unless told otherwise."""
        given = {"HOSPITAL_PUBLIC_URL": self._url} | {name: text for name, text in os.environ.items() if text}
        return given | self._addresses.settings | {"HOSPITAL_DATA": str(self._folder.path.resolve())}

    @property
    def _url(self) -> str:
        return url_of(*self._addresses.router)

    def _say(self) -> None:
        lines = [f"The hospital is open at {self._url}"]
        if self._settings.graphiql:
            lines.append(f"  GraphiQL  {self._url}{self._settings.path}")
        lines += [f"  {self._number} processes, kept by process {os.getpid()}", "", "Ctrl-C closes it."]
        self._console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
