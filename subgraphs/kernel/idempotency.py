"""Idempotency keys: the same key and input give the same entity again, another input is refused.

The row is written first in the transaction of the fact, with the id that the entity is going to have: of many equal
requests at once the database lets one through, and the others run again and find its row. A refusal keeps nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from argon2.low_level import Type, hash_secret_raw
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database, Race
from subgraphs.kernel.errors import IdempotencyKeyReused, InvalidInput
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import IdempotencyRow

MAXIMUM_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key for one mutation, with the hash of the input it came with.

    `key` is kept as its SHA-256 too: MySQL pads text with blanks when it compares, and `k` is not `k `.
    """

    caller: str
    mutation: str
    key: str
    input_hash: str


def claim(caller: str, mutation: str, key: str | None, fields: dict[str, Any]) -> Claim | None:
    """The claim of a request, or None without a key. Raises InvalidInput for a key of the wrong form."""
    if key is None:
        return None
    if not 1 <= len(key) <= MAXIMUM_LENGTH or not key.isprintable():
        raise InvalidInput("An idempotency key has 1 to 200 printable characters.", "idempotencyKey")
    canonical = orjson.dumps(fields, default=str, option=orjson.OPT_SORT_KEYS)
    return Claim(caller, mutation, sha256(key.encode()).hexdigest(), sha256(canonical).hexdigest())


async def concealed(secret: str, caller: str, key: str) -> str:
    """What stands for a password in the hashed input: slow to guess, and the same for the same request (20 ms)."""
    salt = sha256(f"{caller}\0{key}".encode()).digest()[:16]
    made = await asyncio.to_thread(hash_secret_raw, secret.encode(), salt, 2, 19_456, 1, 32, Type.ID)
    return made.hex()


async def kept(session: AsyncSession, wanted: Claim | None) -> str | None:
    """The id of the entity that the claim has made before, if any. Raises IdempotencyKeyReused."""
    if wanted is None:
        return None
    row = await session.get(IdempotencyRow, (wanted.caller, wanted.mutation, wanted.key))
    if row is None:
        return None
    if row.input_hash != wanted.input_hash:
        raise IdempotencyKeyReused
    return row.entity_id


async def once(
    database: Database,
    clock: Clock,
    wanted: Claim | None,
    work: Callable[[AsyncSession, str], Awaitable[None]],
    *,
    entity_id: str | None = None,
) -> str:
    """Runs `work(session, id)` in one transaction unless the claim was honoured before; gives the entity's id.

    The id is `entity_id`, or a new one. Raises IdempotencyKeyReused, and whatever `work` raises.
    """

    async def attempt(session: AsyncSession) -> str:
        earlier = await kept(session, wanted)
        if earlier is not None:
            return earlier
        made = entity_id or new_id()
        await _keep(session, wanted, made, clock)
        await work(session, made)
        return made

    return await database.transaction(attempt)


async def _keep(session: AsyncSession, wanted: Claim | None, entity_id: str, clock: Clock) -> None:
    if wanted is None:
        return
    session.add(
        IdempotencyRow(
            caller=wanted.caller,
            mutation=wanted.mutation,
            key=wanted.key,
            input_hash=wanted.input_hash,
            entity_id=entity_id,
            created_at=clock.now(),
        )
    )
    try:
        await session.flush()
    except IntegrityError as error:
        raise Race from error
