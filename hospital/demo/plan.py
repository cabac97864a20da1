"""Everything that a demo hospital is to hold, decided before anything is written."""

from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

from hospital.demo import people, words
from hospital.demo.diary import Diary, Entry
from hospital.demo.people import DemoDoctor
from hospital.demo.state import DemoState
from subgraphs.doctors.service.importing import ImportedDepartment
from subgraphs.patients.service.importing import ImportedPatient


@dataclass(frozen=True)
class Plan:
    """The same for the same state, whose seed it has.

    `visits` are past, `bookings` to come; both name people by their place here.
    """

    departments: list[ImportedDepartment]
    doctors: list[DemoDoctor]
    patients: list[ImportedPatient]
    visits: list[Entry]
    bookings: list[Entry]
    state: DemoState

    @classmethod
    def of(cls, state: DemoState, zone: ZoneInfo) -> "Plan":
        random = Random(state.seed)
        departments = [ImportedDepartment(f"demo:department/{key}", name) for key, name, _ in words.DEPARTMENTS]
        doctors = people.doctors(random)
        patients = people.patients(random, state.now)
        entries = Diary(random, doctors, patients, state.now, zone).entries()
        past = [entry for entry in entries if entry.end <= state.now]
        to_come = [entry for entry in entries if entry.start > state.now]
        return cls(departments, doctors, patients, past, to_come, state)
