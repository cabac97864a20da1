"""The people of the demo hospital, drawn by chance that a seed decides."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from hospital.demo import words
from subgraphs.doctors.rules import Window
from subgraphs.doctors.service.importing import ImportedDoctor
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.importing import ImportedPatient

PATIENTS = 300
DOCTOR_EMAIL, PATIENT_EMAIL = "doctor@hospital.example", "patient@hospital.example"

_WEEKS: tuple[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], ...] = (
    ((0, 1, 2, 3, 4), ((9, 13), (14, 17))),
    ((0, 2, 4), ((8, 14),)),
    ((0, 1, 3), ((9, 17),)),
    ((1, 2, 3, 4, 5), ((10, 14),)),
    ((1, 3, 5), ((9, 12), (13, 18))),
    ((0, 1, 2, 3), ((12, 20),)),
)
_SLOT_MINUTES = (30, 30, 20, 15, 30, 45)
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DemoDoctor:
    given: ImportedDoctor
    department: str


def doctors(random: Random) -> list[DemoDoctor]:
    """Three a department; the first has the login that is printed."""
    made: list[DemoDoctor] = []
    for key, _, specialties in words.DEPARTMENTS:
        for specialty in specialties:
            made.append(_doctor(random, len(made), key, specialty))
    return made


def patients(random: Random, today: datetime) -> list[ImportedPatient]:
    """The first has the login that is printed: an adult, and alive."""
    return [_patient(random, number, today) for number in range(PATIENTS)]


def age_on(dob: date, day: date) -> int:
    return day.year - dob.year - ((day.month, day.day) < (dob.month, dob.day))


def _doctor(random: Random, number: int, department: str, specialty: str) -> DemoDoctor:
    name, _ = _name(random)
    days, spans = _WEEKS[number % len(_WEEKS)]
    return DemoDoctor(
        ImportedDoctor(
            import_key=f"demo:doctor/{number}",
            name=f"Dr. {name}",
            email=DOCTOR_EMAIL if number == 0 else f"{_mailable(name)}@hospital.example",
            specialty=specialty,
            department_key=f"demo:department/{department}",
            consultation_fee=Decimal(words.FEES[specialty]),
            slot_minutes=_SLOT_MINUTES[number % len(_SLOT_MINUTES)],
            hours=tuple(Window(day, time(start), time(end)) for day in days for start, end in spans),
        ),
        department,
    )


def _patient(random: Random, number: int, today: datetime) -> ImportedPatient:
    name, sex = _name(random)
    dob = _birth(random, today.date(), adult=number == 0)
    age = age_on(dob, today.date())
    deceased_at = (
        today - timedelta(days=random.randint(2, 40)) if number and age > 70 and random.random() < 0.15 else None
    )
    weight, height = _body(random, age, sex)
    return ImportedPatient(
        import_key=f"demo:patient/{number}",
        name=name,
        dob=dob,
        sex=sex,
        email=PATIENT_EMAIL if number == 0 else _email(random, name, number),
        phone=f"{words.MOBILE_PREFIX} {number:03d}" if random.random() < 0.9 else None,
        address=_address(random),
        weight=weight,
        height=height,
        deceased_at=deceased_at,
        created_at=today - timedelta(days=random.randint(60, 900), minutes=random.randint(0, 600)),
    )


def _name(random: Random) -> tuple[str, Sex]:
    """Mostly from one people, as families are; some from two."""
    women, men, families = random.choice(words.PEOPLES)
    if random.random() < 0.12:
        families = random.choice(words.PEOPLES)[2]
    sex, given = random.choice(((Sex.FEMALE, women), (Sex.MALE, men)))
    return f"{random.choice(given)} {random.choice(families)}", Sex.OTHER if random.random() < 0.01 else sex


def _birth(random: Random, today: date, *, adult: bool) -> date:
    """More of the old and the very young than a town has: they are who comes."""
    low, high = (25, 60) if adult else random.choices(((0, 17), (18, 44), (45, 69), (70, 96)), (20, 30, 30, 20))[0]
    return today - random.randint(low, high) * _YEAR - timedelta(days=random.randint(20, 340))


def _body(random: Random, age: int, sex: Sex) -> tuple[float, float]:
    """Kilograms and centimetres."""
    grown = 175 if sex is Sex.MALE else 163
    height = random.gauss(grown, 7) if age >= 17 else 55 + (grown - 55) * (age + 1) / 19 + random.gauss(0, 4)
    index = random.gauss(25, 3.5) if age >= 17 else random.gauss(16 + age / 4, 1.2)
    return round(max(3.0, max(index, 14.0) * (height / 100) ** 2), 1), round(height, 1)


def _email(random: Random, name: str, number: int) -> str | None:
    return f"{_mailable(name)}{number}@{random.choice(words.MAIL_DOMAINS)}" if random.random() < 0.8 else None


def _address(random: Random) -> str:
    house = random.randint(1, 180)
    flat = f"Flat {random.randint(1, 24)}, " if random.random() < 0.4 else ""
    return f"{flat}{house} {random.choice(words.STREETS)}, {random.choice(words.DISTRICTS)}, {words.TOWN}"


def _mailable(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return ".".join("".join(letter for letter in word if letter.isalnum()) for word in plain.split())
