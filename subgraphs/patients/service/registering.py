"""A new patient: by the front desk, or by a sign-up, which makes the login too, all or nothing."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel import idempotency
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import Claim
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.signup import Logins
from subgraphs.patients import access, repository, rules
from subgraphs.patients.events import PatientRegistered
from subgraphs.patients.service.writing import new_row, state_of, surroundings
from subgraphs.patients.tables import PatientRow

MUTATION = "registerPatient"
HOLD_LASTS = timedelta(seconds=30)


class HoldEnded(Exception):
    """The row could not be written while accounts held the login for sure: nothing was written, and one may repeat."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is given of a new patient: `values` by attribute, a password for a login of their own."""

    values: dict[str, Any]
    password: str | None = None
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
    """The login is held first, under the id that the patient is going to have; the patient's event opens it."""
    rules.check_secret(password)
    values = rules.checked(given.values, surroundings(base), required=("name", "dob", "email"))
    claim = await _claim(principal, values["email"], given, password)
    id, done = await _begin(base, claim)
    if done:
        return await _patient(base, id)
    held_at = base.clock.now()
    try:
        await logins.hold(email=values["email"], password=password, role=RoleName.PATIENT, subject_id=id)
    except Refused:
        made = await _made_meanwhile(base, claim)
        if made is None:
            raise
        return made
    actor = Actor(name=values["email"]) if principal is None else Actor.of(principal)

    async def work(session: AsyncSession, id: str) -> None:
        await _write(base, session, id, values, actor, opens_login=True)
        if base.clock.now() - held_at > HOLD_LASTS:
            raise HoldEnded

    return await _patient(base, await idempotency.once(base.database, base.clock, claim, work, entity_id=id))


async def _claim(principal: Principal | None, email: str, given: Registration, password: str) -> Claim | None:
    """The caller is the account, or the e-mail where there is none yet."""
    caller = email.lower() if principal is None else principal.account_id
    claim = idempotency.claim(caller, MUTATION, given.idempotency_key, given.values)
    if claim is None:
        return None
    concealed = await idempotency.concealed(password, caller, claim.key)
    return idempotency.claim(caller, MUTATION, claim.key, {**given.values, "password": concealed})


async def _begin(base: Foundation, claim: Claim | None) -> tuple[str, bool]:
    """The id of the sign-up, and whether it is done: with a key every try gets the same."""
    if claim is None:
        return new_id(), False
    claim_hash = sha256(orjson.dumps([claim.caller, claim.mutation, claim.key, claim.input_hash])).hexdigest()

    async def work(session: AsyncSession) -> tuple[str, bool]:
        earlier = await idempotency.kept(session, claim)
        if earlier is not None:
            return earlier, True
        return await repository.sign_up_id(session, claim_hash, new_id(), base.clock.now()), False

    return await base.database.transaction(work)


async def _made_meanwhile(base: Foundation, claim: Claim | None) -> PatientRow | None:
    """The patient of an equal request that was faster, if there is one."""
    async with base.database.reading() as session:
        earlier = await idempotency.kept(session, claim)
    return None if earlier is None else await _patient(base, earlier)


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
