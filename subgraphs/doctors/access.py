"""Doctors' rows of who may see and do what."""

from subgraphs.kernel.access import EVERYBODY, Deed, Thing
from subgraphs.kernel.principal import RoleName

DOCTORS = Thing(
    name="departments, doctors, hours, open slots",
    fields=("Query.departments", "Query.doctor", "Query.doctors", "Department.*", "Doctor.*"),
    seen_by=EVERYBODY,
)

DEPARTMENTS = Deed("departments, staff accounts, templates", ("createDepartment",), frozenset({RoleName.ADMIN}))

THINGS = (DOCTORS,)
DEEDS = (DEPARTMENTS,)
