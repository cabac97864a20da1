"""`hospital import-fhir`: loads another system's bulk export."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hospital.commands.opening import Data, operations_of
from hospital.fhir.export import ExportFile, NotAnExport
from hospital.fhir.intake import Origin
from hospital.fhir.load import COUNTED_AS, Load, files_of
from hospital.fhir.report import Report
from hospital.loop import run
from hospital.problems import CannotDo
from hospital.progress import progress
from hospital.settings import read_settings
from subgraphs.kernel.clock import SystemClock

_INTERRUPTED = 130


def import_fhir(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="The export's folder, or one of its files.")],
    data: Data = None,
    system: Annotated[
        str,
        typer.Option(metavar="NAME", help="Who made the export, where exports of several systems are loaded here."),
    ] = "",
) -> None:
    """Loads a FHIR R4 bulk export (NDJSON, plain or gzip). It can be stopped and run again: nothing is doubled."""
    if not (len(system) <= 40 and (system == "" or system.isprintable())):
        raise CannotDo("--system: 40 printable characters at most.")
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    report = Report(errors.print)
    stopped = False
    try:
        run(_load(_files(export), data, system, report, errors))
    except KeyboardInterrupt:
        stopped = True
    _print_counts(report)
    if stopped:
        errors.print("Stopped. Run it again to go on: nothing is doubled.")
        raise typer.Exit(_INTERRUPTED)
    if report.refused:
        raise typer.Exit(1)


def _files(export: Path) -> list[ExportFile]:
    """Looked for before a hospital is opened, or made."""
    try:
        return files_of(export)
    except NotAnExport as error:
        raise CannotDo(str(error)) from None


async def _load(files: list[ExportFile], data: Path | None, system: str, report: Report, console: Console) -> None:
    origin = Origin(SystemClock().now(), read_settings()[0].zone, system)
    async with operations_of(data, may_be_new=True) as operations:
        load = Load(files, operations, origin, report)
        with progress(console if console.is_terminal else Console(), load.total_bytes) as advance:
            await load.run(advance)
            advance("Audit trail", load.total_bytes)
            await operations.settled()


def _print_counts(report: Report) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("lines", "new here", "here before", "not taken"):
        table.add_column(heading, justify="right")
    for kind, tally in report.tallies.items():
        noun = COUNTED_AS[kind]
        made, known = (f"{tally.made:,}", f"{tally.known:,}") if noun else ("", "")
        table.add_row(f"{kind} ({noun})" if noun else kind, f"{tally.lines:,}", made, known, f"{tally.refused:,}")
    console = Console(highlight=False)
    console.print(table)
    if report.passed_over:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.passed_over.items()))
        console.print(f"Not yet taken, and passed over: {kinds}.", markup=False, soft_wrap=True)
