"""A new doctor and the doctor's login, all or nothing."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.events import DoctorRegistered
from subgraphs.doctors.service.writing import new_doctor, state_of
from subgraphs.doctors.tables import DoctorRow
from subgraphs.kernel import idempotency
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import Claim
from subgraphs.kernel.ids import is_id, new_id
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.signup import Logins

MUTATION = "registerDoctor"
HOLD_LASTS = timedelta(seconds=30)


class HoldEnded(Exception):
    """The row could not be written while accounts held the login for sure: nothing was written, and one may repeat."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is given of a new doctor, as it was given."""

    name: str
    email: str
    password: str
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
    claim = await _claim(signed_in(principal).account_id, given, values)
    earlier = await _made_before(base, claim)
    if earlier is not None:
        return earlier
    await _check_department(base, given.department_id)
    id, held_at = await _pick_id(base, claim), base.clock.now()
    try:
        await logins.hold(email=values["email"], password=given.password, role=RoleName.DOCTOR, subject_id=id)
    except Refused:
        return await _made_meanwhile(base, claim)

    async def work(session: AsyncSession, id: str) -> None:
        await _write(base, session, id, values, Actor.of(principal))
        if base.clock.now() - held_at > HOLD_LASTS:
            raise HoldEnded

    return await _doctor(base, await idempotency.once(base.database, base.clock, claim, work, entity_id=id))


def _values(base: Foundation, given: Registration) -> dict[str, Any]:
    fields = asdict(given) | {"hours": given.hours}
    parts = {
        "values": lambda: rules.doctor(fields, base.settings.time_zone),
        "password": lambda: rules.password(given.password),
    }
    values: dict[str, Any] = rules.checked(parts)["values"]
    return values | {"department_id": given.department_id}


async def _claim(caller: str, given: Registration, values: dict[str, Any]) -> Claim | None:
    """The password stands in the hashed input by what cannot be guessed back."""
    if given.idempotency_key is None or not is_id(given.department_id):
        return None
    claim = idempotency.claim(caller, MUTATION, given.idempotency_key, values)
    if claim is None:
        return None
    concealed = await idempotency.concealed(given.password, caller, claim.key)
    return idempotency.claim(caller, MUTATION, claim.key, values | {"password": concealed})


async def _made_before(base: Foundation, claim: Claim | None) -> DoctorRow | None:
    if claim is None:
        return None
    async with base.database.reading() as session:
        earlier = await idempotency.kept(session, claim)
    return None if earlier is None else await _doctor(base, earlier)


async def _made_meanwhile(base: Foundation, claim: Claim | None) -> DoctorRow:
    """Inside the handling of a refusal: the doctor of an equal request that was faster, or the refusal again."""
    earlier = await _made_before(base, claim)
    if earlier is None:
        raise
    return earlier


async def _check_department(base: Foundation, id: str) -> None:
    async with base.database.reading() as session:
        if not is_id(id) or id not in await repository.departments_by_id(session, [id]):
            raise NotFound("department", "departmentId")


async def _pick_id(base: Foundation, claim: Claim | None) -> str:
    """A new id; with a key, the same for every try of one request, so that all of them hold one login."""
    if claim is None:
        return new_id()
    same_request = sha256(f"{claim.key}\0{claim.input_hash}".encode()).hexdigest()
    picked = Claim(claim.caller, f"{MUTATION}.id", same_request, claim.input_hash)

    async def nothing_more(session: AsyncSession, id: str) -> None:
        return None

    return await idempotency.once(base.database, base.clock, picked, nothing_more)


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
