"""Accounts under test: real databases, cheap hashes, the links that are announced, tokens checked by its own keys."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from argon2 import PasswordHasher
from joserfc.jwk import KeySet
from sqlmodel import col, select

from subgraphs.accounts.app import AccountsDomain, build
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import PublishedKeys
from subgraphs.accounts.tables import AccountRow
from subgraphs.doctors.events import DoctorDeactivated, DoctorRegistered, DoctorState
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Actor, Event, envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tables import OutboxRow
from subgraphs.kernel.tokens import StaticKeys, TokenChecker
from subgraphs.patients.events import PatientRegistered, PatientUpdated

ISSUER, SECRET, PASSWORD = "http://hospital.test", b"a secret of the tests, 32 bytes..", "a fine password"

SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) {
    session { accessToken refreshToken tokenType expiresIn account { id email role disabled } }
    errors { code field message }
  }
}
"""
REFRESH = """
mutation ($token: String!) {
  refreshSession(input: {refreshToken: $token}) {
    session { accessToken refreshToken account { id } }
    errors { code field }
  }
}
"""
RESET = """
mutation ($token: String!, $password: String!) {
  resetPassword(input: {token: $token, newPassword: $password}) {
    session { accessToken refreshToken account { id email role } }
    errors { code field }
  }
}
"""


@dataclass(frozen=True)
class Letter:
    """A link that was announced to be mailed, with its token as the mail would have it."""

    to: str
    token: str


@dataclass(frozen=True)
class EitherKeys:
    """The keys of the tests' signer, and those of accounts itself."""

    sources: tuple[Any, ...]

    async def key(self, kid: str) -> Any:
        for source in self.sources:
            found = await source.key(kid)
            if found is not None:
                return found
        return None


@dataclass
class Desk:
    """The domain, and what the tests do with it again and again."""

    domain: AccountsDomain
    ask: Any
    clock: Any
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = self.domain.base.database

    @property
    def service(self) -> Any:
        return self.domain.service

    async def send(self, document: str, bearer: str | None = None, **variables: Any) -> dict[str, Any]:
        return await self.ask(self.domain.subgraph, document, bearer, **variables)

    async def login(self, email: str = "asha@example.com", role: str = "AUDITOR", subject_id: str | None = None) -> str:
        """The id of a new login with PASSWORD."""
        return (await self.service.create_login(email, PASSWORD, RoleName(role), subject_id)).id

    async def sign_in(self, email: str = "asha@example.com", password: str = PASSWORD) -> dict[str, Any]:
        return (await self.send(SIGN_IN, email=email, password=password))["data"]["signIn"]

    async def session(self, email: str = "asha@example.com", password: str = PASSWORD) -> dict[str, Any]:
        return (await self.sign_in(email, password))["session"]

    async def refresh(self, token: str) -> dict[str, Any]:
        return (await self.send(REFRESH, token=token))["data"]["refreshSession"]

    async def reset(self, token: str, password: str = "another fine password") -> dict[str, Any]:
        return (await self.send(RESET, token=token, password=password))["data"]["resetPassword"]

    async def letters(self) -> list[Letter]:
        """The links that were announced, oldest first."""
        told = [event["data"] for event in await self.events()]
        tokens = self.service.tokens
        return [Letter(each["email"], tokens.token(each["link_id"])) for each in told if each.get("link_id")]

    async def last_token(self) -> str:
        return (await self.letters())[-1].token

    async def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What was announced, oldest first, as CloudEvents."""
        async with self.database.reading() as session:
            rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.sequence)))).all()
        return [orjson.loads(row.body) for row in rows if row.type.startswith(kind)]

    async def types(self) -> list[str]:
        return [event["type"] for event in await self.events()]

    async def account(self, email: str) -> AccountRow | None:
        async with self.database.reading() as session:
            return (await session.exec(select(AccountRow).where(AccountRow.email == email))).one_or_none()

    async def receive(self, event: Event, actor: Actor | None = None) -> None:
        """Hands accounts an event of another domain."""
        domain = "doctors" if isinstance(event, DoctorState) else "patients"
        message = envelope(
            event, id=new_id(), domain=domain, actor=actor or Actor(), occurred_at=self.domain.base.clock.now()
        )
        await self.domain.subscribers[0].receive([message])

    async def patient(self, id: str = "", *, version: int = 1, **fields: Any) -> str:
        """Registers, or at a later version updates, a patient elsewhere."""
        patient_id = id or new_id()
        given: dict[str, Any] = {"name": "Asha", "email": "asha@example.com"} | fields
        kind = PatientRegistered if version == 1 else PatientUpdated
        await self.receive(kind(patient_id=patient_id, version=version, **given))
        return patient_id

    async def doctor(self, id: str = "", *, version: int = 1, active: bool = True, **fields: Any) -> str:
        doctor_id = id or new_id()
        given: dict[str, Any] = {
            "name": "Dr. Rao",
            "email": "rao@example.com",
            "specialty": "Cardiology",
            "department_id": new_id(),
            "consultation_fee": "0.00",
            "time_zone": "UTC",
            "slot_minutes": 30,
            "hours": [],
            "leave": [],
        } | fields
        kind = DoctorRegistered if active else DoctorDeactivated
        await self.receive(kind(doctor_id=doctor_id, version=version, active=active, **given))
        return doctor_id


@pytest.fixture
def clock(clock: Any) -> Any:
    """Starts at the present: the checker of tokens looks at the time of day itself."""
    clock.at = datetime.now(UTC).replace(microsecond=0)
    return clock


@pytest.fixture
async def desk(database_of: Any, clock: Any, signer: Any, ask: Any) -> Desk:
    database = await database_of("accounts")
    keys = EitherKeys((StaticKeys(KeySet([signer.key])), PublishedKeys(database, clock)))
    tokens = TokenChecker(keys, issuer=ISSUER, audience="hospital")
    base = Foundation.of("accounts", database, Settings(public_url=ISSUER), clock, tokens)
    cheap = PasswordHashing(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return Desk(build(base, SECRET, cheap), ask, clock)
