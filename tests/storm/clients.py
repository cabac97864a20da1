"""Who asks during a storm: as a good front end does, again and again with the same key, until there is an answer."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from tests.e2e.hiring import SIGN_IN
from tests.e2e.hospital import PASSWORD, Answer, Gate
from tests.e2e.lives import Life, Staff

PATIENCE_SECONDS = 5.0
LEAST_LIVES = 60
"""Among fewer there might be nobody of a kind: no payment that fails."""

GIVES_UP = 0.01
"""How likely somebody who had no answer does not come back: what was asked may have come to pass or not, but whole."""

_OUR_FAULT = {"BAD_USER_INPUT", "FORBIDDEN", "GRAPHQL_VALIDATION_FAILED"}


class GaveUp(Exception):
    """Somebody had no answer, and will never ask again."""


@dataclass(frozen=True)
class PersistentGate(Gate):
    """A gate where who asks is named by an e-mail address; it signs them in, anew where a token is not taken."""

    chance: Random
    bearers: dict[str, str] = field(default_factory=dict)
    unanswered: Counter[str] = field(default_factory=Counter)
    """Why there was no answer, and how often."""

    async def data(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        """Raises GaveUp."""
        for failures in range(1_000_000):
            try:
                answer = await self._asked(document, bearer, variables)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.unanswered[type(error).__name__] += 1
            else:
                if answer.status == 200 and not answer.codes:
                    return answer.data
                self._note(answer, bearer)
            if self.chance.random() < GIVES_UP:
                raise GaveUp
            await asyncio.sleep(self.chance.uniform(0.05, 0.3) * min(failures + 1, 6))
        raise AssertionError("unreachable")

    async def _asked(self, document: str, who: str | None, variables: dict[str, Any]) -> Answer:
        if who is not None and who not in self.bearers:
            signing_in = await self.ask(SIGN_IN, email=who, password=PASSWORD)
            if signing_in.codes:
                return signing_in
            self.bearers[who] = f"Bearer {signing_in.data['signIn']['session']['accessToken']}"
        return await self.ask(document, who and self.bearers[who], **variables)

    def _note(self, answer: Answer, who: str | None) -> None:
        self.unanswered.update(answer.codes or [str(answer.status)])
        assert not _OUR_FAULT & set(answer.codes), answer.text
        if "UNAUTHENTICATED" in answer.codes and who is not None:
            self.bearers.pop(who, None)


@dataclass
class Crowd:
    """So many clients at once, each with one life after another, until it is told that no more begin.

    `rest_seconds`: the longest that a client has between two.
    """

    waiting: deque[Life]
    staff: Staff
    chance: Random
    rest_seconds: float
    begun: list[Life] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self, clients: int) -> None:
        await asyncio.gather(*(self._client() for _ in range(clients)))

    async def _client(self) -> None:
        while self.waiting and (len(self.begun) < LEAST_LIVES or not self.closing.is_set()):
            life = self.waiting.popleft()
            self.begun.append(life)
            with suppress(GaveUp):
                await life.go_on(self.staff)
            await asyncio.sleep(self.chance.uniform(0, self.rest_seconds))


def acknowledged(lives: Sequence[Life]) -> Counter[str]:
    """How many of each mutation had an answer that is no refusal."""
    answers = [(step.partition(" ")[0], answer) for life in lives for step, answer in life.answered.items()]
    return Counter(mutation for mutation, answer in answers if not answer["errors"])
