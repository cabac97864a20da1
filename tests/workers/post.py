"""Post offices on this machine: an SMTP server that can be told how to behave, and a queue to send from."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP as Protocol

from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service import Outcome, Outgoing
from workers.email.settings import SmtpSettings, Tls


@dataclass
class PostOffice:
    """Takes mail; `refusals` are answers to the DATA of those recipients, `at_rcpt` to their RCPT."""

    refusals: dict[str, str] = field(default_factory=dict)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    connections: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.at_rcpt:
            return self.at_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        [to] = envelope.rcpt_tos
        if to in self.refusals:
            return self.refusals[to]
        self.senders.append(envelope.mail_from)
        self.taken.append((to, message_from_bytes(envelope.content, EmailMessage, policy=policy.default)))
        return "250 taken"

    def protocol(self) -> Protocol:
        self.connections += 1
        return Protocol(self, enable_SMTPUTF8=True, loop=asyncio.get_running_loop())

    @property
    def recipients(self) -> list[str]:
        return [to for to, _ in self.taken]


@asynccontextmanager
async def open_office(office: PostOffice, port: int = 0) -> AsyncIterator[SmtpSettings]:
    """The settings to send there with."""
    server = await asyncio.get_running_loop().create_server(office.protocol, "127.0.0.1", port)
    try:
        yield settings_for(server.sockets[0].getsockname()[1])
    finally:
        server.close()


@asynccontextmanager
async def odd_server(answer: Any) -> AsyncIterator[SmtpSettings]:
    """`answer(reader, writer)` is all that it does."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield settings_for(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def settings_for(port: int, **more: Any) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE, timeout_seconds=0.3, **more)


def outgoing(number: int, to: str = "") -> Outgoing:
    text = f"Body {number}\n"
    to = to or f"p{number}@example.com"
    return Outgoing(f"id{number:05}", to, f"Mail {number}", text, f"<p>{text}</p>", 0, datetime.now(UTC))


@dataclass
class QueueInMemory:
    """Messages in order, until an outcome is final; a failed one is due again at once. `links` by their id."""

    waiting: dict[str, Outgoing] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    given_back: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    settlements: int = 0
    down: bool = False
    links: dict[str, str] = field(default_factory=dict)
    ask: Callable[[], Awaitable[None]] | None = None

    def add(self, *messages: Outgoing) -> None:
        self.waiting |= {message.id: message for message in messages}

    async def take(self, channel: Channel, most: int, hold: timedelta) -> list[Outgoing]:
        if self.down:
            raise ConnectionError("the database is down")
        free = [message for message in self.waiting.values() if message.id not in self.held][:most]
        self.held |= {message.id for message in free}
        return [replace(message, held_until=datetime.now(UTC) + hold) for message in free]

    async def linked(self, message: Outgoing) -> Outgoing | None:
        if message.link_id is None:
            return message
        if self.ask is not None:
            await self.ask()
        link = self.links.get(message.link_id)
        return None if link is None else replace(message, text=link)

    async def give_back(self, messages: Sequence[Outgoing]) -> None:
        self.given_back += [message.id for message in messages]
        self.held -= {message.id for message in messages}

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        if self.down:
            raise ConnectionError("the database is down")
        self.settlements += 1
        for outcome in outcomes:
            self.outcomes.append(outcome)
            self.held.discard(outcome.message.id)
            message = self.waiting.pop(outcome.message.id)
            if outcome.error is not None and outcome.wanted and not outcome.final:
                self.waiting[message.id] = replace(message, attempts=message.attempts + outcome.reached)

    async def emptied(self) -> None:
        while True:
            if not self.waiting:
                return
            await asyncio.sleep(0.01)
