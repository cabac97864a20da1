"""Loading an export, kind by kind, whatever the order of its files."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from hospital.fhir.export import ExportFile, find_files
from hospital.fhir.intake import Imports, Intake, OnProgress, Origin
from hospital.fhir.kinds import (
    allergy_intolerance,
    condition,
    encounter,
    medical_record,
    medication_request,
    organization,
    patient,
    practitioner,
)
from hospital.fhir.references import Index
from hospital.fhir.report import Report
from hospital.fhir.visits import Visits

KINDS = (
    *(organization, practitioner, patient, encounter),
    *(allergy_intolerance, condition, medication_request, medical_record),
)
"""In this order, so that what a resource refers to is there before it. One more kind is one more file in `kinds/`."""

HERE_AS: dict[str, str] = {kind: noun for module in KINDS for kind, noun in module.HERE_AS.items()}
"""By resource type, what it becomes here; empty where it becomes a part of something."""

COUNTED_AS = HERE_AS | {medical_record.KIND: medical_record.NOUN}
"""The same, and what is put together of several resources."""


def files_of(export: Path) -> list[ExportFile]:
    """The files of a folder, or the one file. Raises NotAnExport."""
    return find_files(export, HERE_AS)


class Load:
    """The files of one export on their way in."""

    def __init__(self, files: Sequence[ExportFile], imports: Imports, origin: Origin, report: Report) -> None:
        self._files, self._imports, self._origin, self._report = files, imports, origin, report

    @property
    def total_bytes(self) -> int:
        return sum(file.size_bytes() for file in self._files)

    async def run(self, on_progress: OnProgress) -> None:
        with closing(Index()) as index, closing(Visits()) as visits:
            intake = Intake(self._files, self._imports, self._origin, self._report, index, visits, on_progress)
            for kind in KINDS:
                await kind.load(intake)
            for file in self._files:
                if file.kind not in HERE_AS:
                    intake.pass_over(file)
