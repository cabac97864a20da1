"""`hospital dead-letters`: on the topic of components, or in the databases of a data folder."""

from typing import Annotated

import structlog
import typer

from hospital.commands.opening import Data, counted, operations_of
from hospital.loop import run
from hospital.problems import CannotDo
from workers.dead_letters import DeadLetter, NoSuchDeadLetter

Id = Annotated[str, typer.Argument(metavar="ID", help="As the list names it.")]

_LONGEST = 400

log = structlog.get_logger(__name__)

dead_letters = typer.Typer(help="Events that a consumer could not handle: lists them, retries or discards one.")


@dead_letters.callback(invoke_without_command=True)
def dead_letters_default(context: typer.Context, data: Data = None) -> None:
    if context.invoked_subcommand is None:
        list_dead_letters(data)


@dead_letters.command("list")
def list_dead_letters(data: Data = None) -> None:
    """Those that wait, oldest first."""

    async def work() -> list[DeadLetter]:
        async with operations_of(data) as operations:
            return await operations.dead_letters()

    letters = run(work())
    for letter in letters:
        typer.echo(f"{letter.id}  {letter.failed_at:%Y-%m-%dT%H:%M:%SZ}  {letter.consumer} of {_place(letter)}")
        typer.echo(f"  {_one_line(letter.error)}")
        typer.echo(f"  {_one_line(letter.body)}")
    typer.echo(f"{counted(len(letters), 'dead letter')}.")


@dead_letters.command("retry")
def retry_dead_letter(id: Id, data: Data = None) -> None:
    """Hands the event to its consumer again. One that fails again stays."""

    async def work() -> DeadLetter:
        async with operations_of(data) as operations:
            try:
                return await operations.retry(id)
            except (NoSuchDeadLetter, CannotDo) as refused:
                raise CannotDo(f"Not handled: {str(refused).removesuffix('.')}.") from None
            except Exception as error:
                raise CannotDo(f"Not handled, it failed again: {type(error).__name__}: {error}") from None

    letter = run(work())
    typer.echo(f"{letter.consumer} has handled it.")


@dead_letters.command("discard")
def discard_dead_letter(id: Id, data: Data = None) -> None:
    """Prints one that nobody will ever handle, and forgets it."""

    async def work() -> DeadLetter:
        async with operations_of(data) as operations:
            try:
                for letter in await operations.dead_letters():
                    if letter.id == id:
                        typer.echo(letter.body)
                return await operations.discard(id)
            except (NoSuchDeadLetter, CannotDo) as refused:
                raise CannotDo(f"Not discarded: {str(refused).removesuffix('.')}.") from None

    letter = run(work())
    log.warning("dead_letter.discarded", id=letter.id, consumer=letter.consumer, topic=letter.topic)


def _place(letter: DeadLetter) -> str:
    if letter.partition is None:
        return letter.topic
    return f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"


def _one_line(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
