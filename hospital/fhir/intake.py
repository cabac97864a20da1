"""What every kind of resource is loaded with: its lines in batches, who takes them, and what became of each.

Memory holds one batch of lines; what a reference may mean lies on disk. Every batch is taken whole by its domain in one
transaction, by import keys, so that a load that was stopped is simply run again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from hospital.fhir.elements import Reference, Resource, Unreadable, read
from hospital.fhir.export import ExportFile, Line, ReadBytes, read_lines
from hospital.fhir.references import Index
from hospital.fhir.report import Report
from hospital.fhir.visits import Visits
from subgraphs.kernel.importing import Imported
from subgraphs.records.rules import Codes

BATCH = 100

R = TypeVar("R", bound=Resource)
G = TypeVar("G")
OnProgress = Callable[[str, int], None]
"""Gets the kind at hand and the bytes read so far, of `Load.total_bytes`."""


class Imports(Protocol):
    """Who takes the batches and knows the codes; `settled` returns when all that was taken is known to every domain."""

    async def take(self, kind: type[G], batch: Sequence[G]) -> Imported: ...
    async def codes(self, asked: Collection[str]) -> Codes: ...
    async def settled(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """`system` parts the ids of one exporting system from another's; `now` and `zone` are the hospital's."""

    now: datetime
    zone: ZoneInfo
    system: str = ""

    def key(self, kind: str, id: str) -> str:
        return ":".join(part for part in ("fhir", self.system, f"{kind}/{id}") if part)


@dataclass(frozen=True, slots=True)
class Taken(Generic[R, G]):
    """A resource that could be read, what it is in the hospital's words, and the line it came from."""

    resource: R
    given: G
    place: str


@dataclass
class Intake:
    files: Sequence[ExportFile]
    imports: Imports
    origin: Origin
    report: Report
    index: Index
    visits: Visits
    on_progress: OnProgress

    def __post_init__(self) -> None:
        self._read_bytes = ReadBytes()

    async def take(
        self, kind: str, model: type[R], given: type[G], translate: Callable[[R], Awaitable[G]]
    ) -> AsyncIterator[tuple[list[Taken[R, G]], Imported]]:
        """Takes all resources of the kind, and gives each batch with what became of it.

        `translate` raises Unreadable for what cannot be said in the hospital's words.
        """
        async for batch in self._batches(kind, model, translate):
            outcome = await self.imports.take(given, [item.given for item in batch])
            self._keep(kind, batch, outcome)
            yield batch, outcome

    def lines(self, kind: str) -> Iterator[Line]:
        tally = self.report.of(kind)
        for line in self._lines_of(file for file in self.files if file.kind == kind):
            tally.lines += 1
            self.say_progress(kind)
            yield line

    def say_progress(self, kind: str) -> None:
        self.on_progress(kind, self._read_bytes.total)

    def try_line(self, kind: str, line: Line, take: Callable[[Line], None]) -> None:
        try:
            take(line)
        except Unreadable as why:
            self.report.refuse(kind, line.place, str(why))

    def visit_of(self, encounter: Reference | None) -> str:
        """The id of the appointment that the encounter became. Raises Unreadable."""
        if encounter is None:
            raise Unreadable("encounter is missing: only what belongs to a visit is taken")
        return self.index.find("Encounter", encounter, "encounter")

    def pass_over(self, file: ExportFile) -> None:
        """Counts the lines of a kind that is not taken."""
        kind = file.kind or file.name
        for _ in self._lines_of([file]):
            self.report.passed_over[kind] = self.report.passed_over.get(kind, 0) + 1
            self.say_progress(kind)

    async def _batches(
        self, kind: str, model: type[R], translate: Callable[[R], Awaitable[G]]
    ) -> AsyncIterator[list[Taken[R, G]]]:
        batch: list[Taken[R, G]] = []
        for line in self.lines(kind):
            try:
                resource = read_line(model, line)
                batch.append(Taken(resource, await translate(resource), line.place))
            except Unreadable as why:
                self.report.refuse(kind, line.place, str(why))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _lines_of(self, files: Iterable[ExportFile]) -> Iterator[Line]:
        for file in files:
            self._read_bytes.next_file()
            yield from read_lines(file, self._read_bytes)

    def _keep(self, kind: str, batch: Sequence[Taken[R, G]], outcome: Imported) -> None:
        """Remembers what the resources may be called by, and says which were refused."""
        tally, taken = self.report.of(kind), 0
        for item in batch:
            key = self.origin.key(kind, item.resource.id)
            if (id := outcome.ids.get(key)) is not None:
                self.index.add(kind, item.resource, id)
                taken += 1
            else:
                self.report.refuse(kind, item.place, outcome.refused.get(key, "refused without a reason"))
        tally.made += outcome.made
        tally.known += taken - outcome.made


def read_line(model: type[R], line: Line) -> R:
    """Raises Unreadable."""
    if line.content is None:
        raise Unreadable(line.problem)
    return read(model, line.content)
