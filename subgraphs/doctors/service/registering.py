"""A new doctor and the doctor's login, all or nothing."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.events import DoctorRegistered
from subgraphs.doctors.service.departments import check_department
from subgraphs.doctors.service.writing import new_doctor, state_of
from subgraphs.doctors.tables import DoctorRow
from subgraphs.kernel import signup
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.problems import checked
from subgraphs.kernel.signup import Logins, NewLogin

MUTATION = "registerDoctor"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is given of a new doctor, as it was given."""

    name: str
    email: str
    password: str = field(repr=False)
    specialty: str
    department_id: str
    consultation_fee: Decimal = Decimal("0.00")
    time_zone: str | None = None
    slot_minutes: int = 30
    hours: tuple[rules.Window, ...] = ()
    idempotency_key: str | None = None


async def register(base: Foundation, logins: Logins, principal: Principal | None, given: Registration) -> DoctorRow:
    """The login is held first, under the id that the doctor is going to have; the doctor's event opens it."""
    access.REGISTER.require(principal)
    values = _values(base, given)
    async with base.database.reading() as session:
        await check_department(session, given.department_id)
    caller = signed_in(principal).account_id
    claim = await signup.claim(caller, MUTATION, given.idempotency_key, values, given.password)

    async def write(session: AsyncSession, id: str) -> None:
        await _write(base, session, id, values, Actor.of(principal))

    login = NewLogin(values["email"], given.password, RoleName.DOCTOR)
    return await _doctor(base, await signup.with_login(base, logins, claim, login, write))


def _values(base: Foundation, given: Registration) -> dict[str, Any]:
    fields = asdict(given) | {"hours": given.hours}
    parts = {
        "values": lambda: rules.doctor(fields, base.settings.time_zone),
        "password": lambda: signup.password(given.password),
    }
    values: dict[str, Any] = checked(parts)["values"]
    return values | {"department_id": given.department_id}


async def _write(base: Foundation, session: AsyncSession, id: str, values: dict[str, Any], actor: Actor) -> None:
    columns, hours = {name: value for name, value in values.items() if name != "hours"}, values["hours"]
    row = new_doctor(id, columns, base.clock.now())
    await repository.add_doctors(session, [(row, hours)])
    base.outbox.record(session, DoctorRegistered(**state_of(row, hours), opens_login=True), actor)


async def _doctor(base: Foundation, id: str) -> DoctorRow:
    async with base.database.reading() as session:
        row = await repository.doctor(session, id)
    if row is None:
        raise LookupError(f"doctor {id} was registered and is not there")
    return row
