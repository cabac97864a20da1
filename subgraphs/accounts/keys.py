"""The keys that sign access tokens (a file of its own: what they are, how they are kept and when they change).

A key signs for 30 days. The next one is published a day before it signs, and the last one stays published for a day
after, longer than any token by it lives. The private part stands in the database sealed by the hospital's secret.
"""

import asyncio
import base64
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.tables import SigningKeyRow
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.races import flush_claims

KEY_SIGNS = timedelta(days=30)
PUBLISHED_AHEAD = timedelta(days=1)
PUBLISHED_AFTER = timedelta(days=1)

_READ_AGAIN_AFTER = timedelta(minutes=5)
_READS_TAKEN, _READS_SPAN = 10, timedelta(seconds=10)
_NONCE_BYTES, _KID_BYTES = 12, 16
_LEAST_SECRET_BYTES = 16
_PURPOSE = b"hospital: signing keys of accounts"

log = structlog.get_logger(__name__)


class Seal:
    """AES-256-GCM under a key derived from the secret; what is sealed for one key id opens under no other."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _LEAST_SECRET_BYTES:
            raise ValueError(f"the secret key has {_LEAST_SECRET_BYTES} bytes at least")
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(secret))

    def close(self, kid: str, plain: bytes) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, plain, kid.encode())).decode()

    def open(self, kid: str, closed: str) -> bytes | None:
        """None for what another secret has sealed."""
        raw = base64.b64decode(closed)
        try:
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], kid.encode())
        except InvalidTag:
            return None


@dataclass(frozen=True, slots=True)
class Signer:
    key: ECKey = field(repr=False)
    signs_from: datetime
    signs_until: datetime

    def access_token(self, claims: dict[str, Any]) -> str:
        header = {"typ": "at+jwt", "alg": "ES256", "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=["ES256"])

    def signs_at(self, moment: datetime) -> bool:
        return self.signs_from <= moment < self.signs_until


class SigningKeys:
    """The private side: gives the key that signs now, and makes the next."""

    def __init__(self, database: Database, clock: Clock, secret: bytes) -> None:
        self._database, self._clock, self._seal = database, clock, Seal(secret)
        self._signers: list[Signer] = []
        self._read_at: datetime | None = None

    async def signer(self) -> Signer:
        """The key that signs now; the first one is made here where no timer was first."""
        if self._read_at is None or self._clock.now() - self._read_at > _READ_AGAIN_AFTER:
            await self._read()
        found = self._signing_now()
        if found is None:
            await self.rotate()
            found = self._signing_now()
        if found is None:
            raise RuntimeError("no key signs now, though one was just made")
        return found

    async def fit_the_secret(self) -> bool:
        """Whether the secret opens one of the keys that were sealed here, or there is none yet."""
        async with self._database.reading() as session:
            rows = await repository.signing_keys(session)
        return not rows or any(self._seal.open(row.kid, row.sealed_jwk) is not None for row in rows)

    async def rotate(self) -> None:
        """Makes the keys that are due and forgets those that nobody needs; safe to repeat, and to run in parallel."""
        await self._database.transaction(self._rotate)
        await self._read()

    async def _rotate(self, session: AsyncSession) -> None:
        now = self._clock.now()
        rows = await repository.signing_keys(session)
        ours = [signer for signer in map(self._opened, rows) if signer is not None]
        place = max((row.place for row in rows), default=0)
        await repository.drop_signing_keys(session, now)
        if not any(signer.signs_at(now) for signer in ours):
            place += 1
            ours.append(self._add(session, place, now))
        ends = max(signer.signs_until for signer in ours)
        if ends - now <= PUBLISHED_AHEAD:
            self._add(session, place + 1, ends)
        await flush_claims(session)

    def _add(self, session: AsyncSession, place: int, signs_from: datetime) -> Signer:
        kid = secrets.token_urlsafe(_KID_BYTES)
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": kid})
        signer = Signer(key, signs_from, signs_from + KEY_SIGNS)
        session.add(
            SigningKeyRow(
                kid=kid,
                place=place,
                public_jwk=orjson.dumps(key.as_dict(private=False)).decode(),
                sealed_jwk=self._seal.close(kid, orjson.dumps(key.as_dict(private=True))),
                signs_from=signs_from,
                signs_until=signer.signs_until,
                published_until=signer.signs_until + PUBLISHED_AFTER,
            )
        )
        return signer

    async def _read(self) -> None:
        async with self._database.reading() as session:
            rows = await repository.signing_keys(session)
        self._signers = [signer for signer in map(self._opened, rows) if signer is not None]
        self._read_at = self._clock.now()

    def _opened(self, row: SigningKeyRow) -> Signer | None:
        private = self._seal.open(row.kid, row.sealed_jwk)
        if private is None:
            log.warning("accounts.key_sealed_by_another_secret", kid=row.kid)
            return None
        return Signer(ECKey.import_key(orjson.loads(private)), row.signs_from, row.signs_until)

    def _signing_now(self) -> Signer | None:
        now = self._clock.now()
        signing = [signer for signer in self._signers if signer.signs_at(now)]
        return max(signing, key=lambda signer: signer.signs_from, default=None)


class PublishedKeys:
    """The public side: the JWKS document, and a KeySource for whoever checks tokens in accounts' own process.

    Read from the database anew for a key id that is not known, ten times in ten seconds at most.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._keys: dict[str, tuple[ECKey, datetime]] = {}
        self._read_at: datetime | None = None
        self._reads: deque[datetime] = deque(maxlen=_READS_TAKEN)
        self._reading, self._generation = asyncio.Lock(), 0

    async def key(self, kid: str) -> ECKey | None:
        now = self._clock.now()
        stale = self._read_at is None or now - self._read_at > _READ_AGAIN_AFTER
        if stale or kid not in self._keys:
            await self._read_once(now)
        key, until = self._keys.get(kid, (None, now))
        return key if until > now else None

    async def document(self) -> dict[str, Any]:
        """The JWKS (RFC 7517): what signs now, what is going to, and what tokens still live by."""
        now = self._clock.now()
        async with self._database.reading() as session:
            rows = await repository.signing_keys(session)
        return {"keys": [orjson.loads(row.public_jwk) for row in rows if row.published_until > now]}

    async def _read_once(self, now: datetime) -> None:
        """One read for all who ask at once."""
        generation = self._generation
        async with self._reading:
            if self._generation == generation and self._may_read(now):
                await self._read(now)
                self._generation += 1

    def _may_read(self, now: datetime) -> bool:
        return len(self._reads) < _READS_TAKEN or now - self._reads[0] > _READS_SPAN

    async def _read(self, now: datetime) -> None:
        self._reads.append(now)
        async with self._database.reading() as session:
            rows = await repository.signing_keys(session)
        self._keys = {row.kid: (ECKey.import_key(orjson.loads(row.public_jwk)), row.published_until) for row in rows}
        self._read_at = now
