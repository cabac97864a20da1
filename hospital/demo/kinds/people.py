"""Departments, doctors and patients."""

from collections.abc import Sequence

from hospital.demo.filling import ACTOR, Filling
from hospital.demo.people import DemoDoctor
from hospital.demo.plan import Plan
from subgraphs.doctors.service.importing import ImportedDepartment
from subgraphs.kernel.events import Actor
from subgraphs.kernel.importing import Imported
from subgraphs.patients.service.importing import ImportedPatient


def size(plan: Plan) -> int:
    return len(plan.departments) + len(plan.doctors) + len(plan.patients)


async def fill(filling: Filling) -> None:
    """Returns when every domain knows them."""
    plan, domains = filling.plan, filling.runtime.domains

    async def take_departments(batch: Sequence[ImportedDepartment]) -> Imported:
        return await domains.doctors.service.import_departments(batch, actor_name=ACTOR)

    async def take_doctors(batch: Sequence[DemoDoctor]) -> Imported:
        return await domains.doctors.service.import_doctors([doctor.given for doctor in batch], actor_name=ACTOR)

    async def take_patients(batch: Sequence[ImportedPatient]) -> Imported:
        return await domains.patients.service.import_patients(batch, Actor(name=ACTOR))

    await filling.in_batches("Departments", plan.departments, take_departments)
    doctors = await filling.in_batches("Doctors", plan.doctors, take_doctors)
    patients = await filling.in_batches("Patients", plan.patients, take_patients)
    filling.doctors = [doctors[doctor.given.import_key] for doctor in plan.doctors]
    filling.patients = [patients[patient.import_key] for patient in plan.patients]
    await filling.runtime.delivery.settled()
