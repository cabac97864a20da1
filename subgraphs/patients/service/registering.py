"""A new patient: by the front desk, or by a sign-up, which makes the login too, all or nothing."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel import idempotency, signup
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.email_address import compared
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.signup import Logins, NewLogin
from subgraphs.patients import access, repository, rules
from subgraphs.patients.events import PatientRegistered
from subgraphs.patients.service.writing import new_row, state_of, surroundings
from subgraphs.patients.tables import PatientRow

MUTATION = "registerPatient"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is given of a new patient: `values` by attribute, a password for a login of their own."""

    values: dict[str, Any]
    password: str | None = field(default=None, repr=False)
    idempotency_key: str | None = None


async def register(base: Foundation, logins: Logins, principal: Principal | None, given: Registration) -> PatientRow:
    if given.password is None:
        access.REGISTER.require(principal)
        return await _at_the_desk(base, principal, given)
    access.SIGN_UP.require(principal)
    return await _sign_up(base, logins, principal, given, given.password)


async def _at_the_desk(base: Foundation, principal: Principal | None, given: Registration) -> PatientRow:
    values = rules.checked(given.values, surroundings(base))
    claim = idempotency.claim(signed_in(principal).account_id, MUTATION, given.idempotency_key, given.values)

    async def work(session: AsyncSession, id: str) -> None:
        await _write(base, session, id, values, Actor.of(principal), opens_login=False)

    return await _patient(base, await idempotency.once(base.database, base.clock, claim, work))


async def _sign_up(
    base: Foundation, logins: Logins, principal: Principal | None, given: Registration, password: str
) -> PatientRow:
    """The caller of the idempotency key is the account, or the e-mail where there is none yet."""
    signup.password(password)
    values = rules.checked(given.values, surroundings(base), required=("name", "dob", "email"))
    caller = compared(values["email"]) if principal is None else principal.account_id
    claim = await signup.claim(caller, MUTATION, given.idempotency_key, given.values, password)
    actor = Actor(name=values["email"]) if principal is None else Actor.of(principal)

    async def write(session: AsyncSession, id: str) -> None:
        await _write(base, session, id, values, actor, opens_login=True)

    login = NewLogin(values["email"], password, RoleName.PATIENT)
    return await _patient(base, await signup.with_login(base, logins, claim, login, write))


async def _write(
    base: Foundation, session: AsyncSession, id: str, values: dict[str, Any], actor: Actor, *, opens_login: bool
) -> None:
    [number] = await repository.next_numbers(session, 1)
    row = new_row(id, number, values, base.clock.now())
    await repository.add(session, [row])
    base.outbox.record(session, PatientRegistered(**state_of(row), opens_login=opens_login), actor)


async def _patient(base: Foundation, id: str) -> PatientRow:
    async with base.database.reading() as session:
        row = await repository.patient(session, id)
    if row is None:
        raise LookupError(f"patient {id} was registered and is not there")
    return row
