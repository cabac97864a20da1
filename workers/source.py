"""What a consumer reads from, whatever brings the messages: another domain's outbox, or a broker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came, not yet known to be an envelope.

    `place` is its number in the topic's order: the outbox's sequence, or the offset in `partition`. `message_id` is
    that of the envelope, as far as the transport knows it without reading it. Bytes of `body` that are no UTF-8 are
    lone surrogates (PEP 383).
    """

    topic: str
    place: int
    body: str
    partition: int = 0
    message_id: str = ""


class Source(Protocol):
    """One topic for one consumer: what is delivered is delivered again until it is committed.

    A transport that keeps its position beside the effect (the outbox) does so in `keep`; one that keeps it elsewhere
    (a broker's offsets) does so in `commit`. Both get deliveries of one batch, in order.
    """

    topic: str

    async def batch(self) -> Sequence[Delivery]:
        """What comes next, in order (per partition); nothing after about a second without news."""
        ...

    async def keep(self, session: AsyncSession, handled: Sequence[Delivery]) -> None:
        """Moves the position inside the transaction of the effect."""
        ...

    async def bury(self, delivery: Delivery, error: Exception) -> None:
        """Lays aside, for good and with the reason, what cannot be handled."""
        ...

    async def skip(self, handled: Sequence[Delivery]) -> None:
        """They had their effect before: they need not come again, and it does no harm when they do after a crash."""
        ...

    async def commit(self, handled: Sequence[Delivery]) -> None:
        """The effect is committed: they need not come again."""
        ...

    def wake(self) -> None:
        """Makes a waiting `batch` return at once."""
        ...
