"""Asking another component over HTTP, signed: what domains ask of each other when they are processes of their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from subgraphs.kernel.announced import KEYS_TOGETHER
from subgraphs.kernel.arrivals import Told
from subgraphs.kernel.correlation import current
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signatures import HEADER, Asked, Signer

CALLS = "/calls"


class Unanswered(Exception):
    """The peer cannot be reached, did not answer in time, or answered something else than was asked."""


class PeerSession:
    """The pooled client of this process, made when it is first needed."""

    _IDLE_SECONDS = 4.0  # many servers drop an idle connection after five

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=self._IDLE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


@dataclass(frozen=True, slots=True)
class Peer:
    """One other component, by the address of its root."""

    name: str
    url: str
    signer: Signer
    session: PeerSession
    seconds: float = 5.0

    async def call(self, what: str, arguments: Mapping[str, Any]) -> Any:
        """What the peer's function of that name gives. Raises Refused as it did there, or Unanswered."""
        path, body = f"{CALLS}/{what}", orjson.dumps(arguments)
        try:
            status, answer = await self._post(path, body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unanswered(f"{self.name} cannot be asked: {type(error).__name__}") from error
        if status == 422:
            raise Refused(*(Problem(each["code"], each["message"], _path(each["field"])) for each in answer["refused"]))
        if status != 200:
            raise Unanswered(f"{self.name} answered {status} to {what}")
        return answer["result"]

    async def _post(self, path: str, body: bytes) -> tuple[int, Any]:
        headers = {
            "content-type": "application/json",
            HEADER: self.signer.header(Asked("POST", path, body, None)),
            **current().headers,
        }
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        async with self.session.get().post(
            self.url + path, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            raw = await response.read()
        try:
            return response.status, orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise Unanswered(f"{self.name} answered {response.status} with something that is no JSON") from None


def _path(field: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if field is None else tuple(field)


@dataclass(frozen=True, slots=True)
class RemoteLogins:
    """Accounts, for who asks it to hold a login (Logins)."""

    accounts: Peer

    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        arguments = {"email": email, "password": password, "role": role.value, "subject_id": subject_id}
        await self.accounts.call("hold", arguments)

    async def release(self, *, role: RoleName, subject_id: str) -> None:
        await self.accounts.call("release", {"role": role.value, "subject_id": subject_id})


@dataclass(frozen=True, slots=True)
class RemoteOwner:
    """Patients or doctors, for accounts that asks whether somebody was written (SubjectOwner)."""

    owner: Peer

    async def exists(self, subject_id: str) -> bool:
        return bool(await self.owner.call("exists", {"subject_id": subject_id}))


@dataclass(frozen=True, slots=True)
class RemoteLinks:
    """Accounts, for notifications that mail its links (Links)."""

    accounts: Peer

    async def link(self, link_id: str) -> str | None:
        found: str | None = await self.accounts.call("link", {"link_id": link_id})
        return found


@dataclass(frozen=True, slots=True)
class RemoteAnnouncements:
    """A domain whose events another decides by, asked for those of some keys, some keys at a time."""

    owner: Peer

    async def __call__(self, keys: Collection[str]) -> Told:
        ordered = sorted(keys)
        lots = [ordered[start : start + KEYS_TOGETHER] for start in range(0, len(ordered), KEYS_TOGETHER)]
        told = [await self._of(lot) for lot in lots]
        return Told([event for each in told for event in each.events], all(each.is_whole for each in told))

    async def _of(self, keys: Sequence[str]) -> Told:
        """An owner of the release before gives what is new instead, where it is asked to say whether that is all."""
        answer = await self.owner.call("announced", {"keys": keys, "says_if_cut": True})
        return Told([Envelope.from_json(body) for body in answer["bodies"]], not answer["is_cut"])


@dataclass(frozen=True, slots=True)
class RemoteReceiver:
    """A domain that decides by another's events: they are handed over to it before the answer."""

    domain: Peer

    async def __call__(self, events: Sequence[Envelope]) -> None:
        await self.domain.call("receive", {"events": [message.to_json().decode() for message in events]})
