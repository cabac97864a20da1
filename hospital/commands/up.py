"""`hospital up`: the hospital in one process."""

import asyncio
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from starlette.types import ASGIApp

from hospital.commands.opening import Data, folder_of, in_use, warn_of_meaningless
from hospital.commands.processes import up_as_processes
from hospital.control import taking_commands
from hospital.demo.fill import fill
from hospital.demo.kinds.logins import LOGINS
from hospital.demo.plan import Plan
from hospital.demo.state import SEED, DemoState, demo_password, is_empty
from hospital.folder import DataFolder, InUse
from hospital.loop import run
from hospital.mailbox.page import MailboxPage, switched_off
from hospital.operations import LocalOperations
from hospital.problems import CannotDo
from hospital.progress import progress
from hospital.runtime import Runtime, keeping_time, open_runtime
from hospital.server import on_signals, serve
from hospital.settings import every_setting, read_sending_settings, read_settings
from hospital.supervisor.plan import url_of
from hospital.tracing import configure_traces
from hospital.web import web_app
from router.server import CannotListen, bind
from router.settings import RouterSettings
from subgraphs.accounts.rules import credentials
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.settings import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    demo: bool
    demo_password: str | None
    mailbox: bool

    @property
    def shows_mailbox(self) -> bool:
        """Mails hold links that open logins: other machines see them only where that was asked for."""
        return self.mailbox or self.host == LOOPBACK


def up(
    data: Data = None,
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)] = 8761,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = LOOPBACK,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty hospital with a believable one.")] = False,
    demo_password: Annotated[str | None, typer.Option(metavar="PW", help="For the logins of the demo.")] = None,
    mailbox: Annotated[bool, typer.Option("--mailbox", help="Show /dev/mailbox on any host.")] = False,
    processes: Annotated[bool, typer.Option("--processes", help="Every component a process of its own.")] = False,
    scale: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="With --processes: several of a component.")
    ] = None,
) -> None:
    """Runs the hospital in one process: SQLite, events delivered in process, a mailbox page instead of SMTP.

    With --processes over MySQL or MariaDB and Kafka, as the settings of the environment say.
    """
    _check_options(processes, scale, only_in_one={"--demo": demo, "--mailbox": mailbox})
    _check_password(demo, demo_password)
    if processes:
        up_as_processes(data, host, port, scale or [])
        return
    warn_of_meaningless(every_setting())
    configure_traces("up")
    folder = folder_of(data)
    try:
        with folder.opened() as control, bind(host, port) as listener:
            run(_run(folder, control, listener, Options(host, demo, demo_password, mailbox)))
    except InUse as taken:
        raise in_use(folder, taken.occupant) from None
    except CannotListen as error:
        raise CannotDo(str(error)) from None


async def _run(folder: DataFolder, control: Path, listener: socket.socket, options: Options) -> None:
    console = Console()
    settings, router_settings = _settings(listener)
    sending = read_sending_settings()
    async with open_runtime(folder, settings) as runtime:
        if options.demo and not await _filled(runtime, options, console):
            return
        operations = LocalOperations(runtime)
        async with keeping_time(runtime, sending), taking_commands(control, operations):
            app = web_app(runtime, router_settings, mailbox=_mailbox(runtime, options))
            lines = _where(runtime, options, _url(listener), router_settings)
            await serve(app, router_settings, listener, lambda: _say(console, lines))
    console.print("The hospital is closed.")


def _settings(listener: socket.socket) -> tuple[Settings, RouterSettings]:
    """Unless told otherwise, links lead to where this process listens."""
    settings, router_settings = read_settings()
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": _url(listener)})
    return settings, router_settings


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return url_of(host, port)


def _mailbox(runtime: Runtime, options: Options) -> ASGIApp:
    if not options.shows_mailbox:
        return switched_off()
    return MailboxPage(runtime.domains.mailbox, any_host=options.mailbox)


async def _filled(runtime: Runtime, options: Options, console: Console) -> bool:
    """False when it was told to stop before that."""
    filling = asyncio.create_task(_fill(runtime, options, console), name="demo")
    with on_signals(filling.cancel):
        await asyncio.wait([filling])
    if filling.cancelled():
        console.print("Stopped while it was being filled. Start it again with --demo, and the filling goes on.")
        return False
    filling.result()
    return True


async def _fill(runtime: Runtime, options: Options, console: Console) -> None:
    state = DemoState.of(runtime.folder)
    if state is None:
        if not await is_empty(runtime.domains):
            console.print("This hospital has data of its own: no demo data was put into it.")
            return
        state = DemoState(SEED, runtime.clock.now().replace(microsecond=0))
        state.keep(runtime.folder)
    if not state.filled:
        password = demo_password(runtime.folder, options.demo_password)
        with progress(console, 100) as advance:
            plan = Plan.of(state, runtime.settings.zone)
            await fill(runtime, plan, password, lambda label, done, whole: advance(label, 100 * done // whole))
        state.finished().keep(runtime.folder)


def _check_options(processes: bool, scale: list[str] | None, only_in_one: dict[str, bool]) -> None:
    """Raises CannotDo for options that do not go together."""
    if scale and not processes:
        raise CannotDo("--scale is for --processes: give both.")
    for option, given in only_in_one.items():
        if given and processes:
            raise CannotDo(f"{option} is for the hospital in one process, without --processes.")


def _check_password(demo: bool, given: str | None) -> None:
    """Raises CannotDo for a password that no login of the demo could have."""
    if given is None:
        return
    if not demo:
        raise CannotDo("--demo-password is for the logins that --demo makes: give both.")
    try:
        for email in LOGINS:
            credentials(email, given)
    except Refused as refused:
        raise CannotDo(f"--demo-password: {refused}") from None


def _where(runtime: Runtime, options: Options, url: str, router_settings: RouterSettings) -> list[str]:
    lines = [f"The hospital is open at {url}"]
    if router_settings.graphiql:
        lines.append(f"  GraphiQL  {url}{router_settings.path}")
    if options.shows_mailbox:
        lines.append(f"  Mailbox   {url}/dev/mailbox")
    lines.append(f"  Data      {runtime.folder.path.resolve()}, process {os.getpid()}")
    if DemoState.of(runtime.folder) is not None:
        password = demo_password(runtime.folder, None)
        lines += ["", f"Logins of the demo, all with the password {password}"]
        lines += [f"  {email:<26}{role}" for email, role in LOGINS.items()]
        if options.demo_password not in (None, password):
            lines.append("  (The hospital was filled before with that password, and keeps it.)")
    return [*lines, "", "Ctrl-C closes it."]


def _say(console: Console, lines: list[str]) -> None:
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
