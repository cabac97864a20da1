"""An `SmsProvider` over Twilio's REST API: POST /2010-04-01/Accounts/{AccountSid}/Messages.json, form-encoded.

201 is taken; 4xx is refused for good, but for 429 (too many, try later), 401, 403 (our own account) and 408.
"""

from typing import Any

import aiohttp
import orjson
import structlog

from subgraphs.kernel.mail import Sms, Undeliverable, Unreachable
from workers.sms.settings import SmsSettings

_OUR_OWN_FAULT = {401, 403, 404}
"""Told to operators alone: patients read why their SMS did not go out."""

_TRY_LATER = {408, 429}
_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""Nothing was sent. After all other failures the SMS may have been taken: each is an attempt, and those are counted."""

_MOST_BYTES = 64_000

log = structlog.get_logger(__name__)


class TryLater(Exception):
    """The provider did not take it now."""


class TwilioSms:
    """Keeps its connections until `rest`."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Sms) -> None:
        """Raises Undeliverable, Unreachable, TryLater."""
        try:
            asked = self._opened().post(self._url, data=self._form(message), allow_redirects=False)
            async with asked as response:
                status, body = response.status, await response.content.read(_MOST_BYTES)
        except _NOT_CONNECTED as error:
            log.warning("sms.unreachable", error=type(error).__name__)
            raise Unreachable("the SMS provider cannot be reached") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("sms.no_answer", error=type(error).__name__)
            raise TryLater("the SMS provider did not answer") from error
        if status != 201:
            raise _refusal(status, _said(body))

    async def rest(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def _url(self) -> str:
        return f"{self._settings.url.rstrip('/')}/2010-04-01/Accounts/{self._settings.account}/Messages.json"

    def _form(self, message: Sms) -> dict[str, str]:
        sender = self._settings.sender or ""
        name = "MessagingServiceSid" if sender.startswith("MG") else "From"
        return {"To": message.to, name: sender, "Body": message.text}

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            own = self._settings
            token = own.token.get_secret_value() if own.token else ""
            self._session = aiohttp.ClientSession(
                headers={"authorization": aiohttp.encode_basic_auth(own.account or "", token)},
                timeout=aiohttp.ClientTimeout(total=own.timeout_seconds, connect=own.timeout_seconds / 2),
            )
        return self._session


def _refusal(status: int, said: str) -> Exception:
    text = f"{status} {said}".strip()
    if status in _OUR_OWN_FAULT:
        log.error("sms.refused_us", status=status, code=said.partition(":")[0])
        return Unreachable("the SMS provider takes nothing from us")
    return Undeliverable(text) if 400 <= status < 500 and status not in _TRY_LATER else TryLater(text)


def _said(body: bytes) -> str:
    """The provider's code and message; nothing of what is not its JSON."""
    try:
        fields: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return f"{fields.get('code', '')}: {fields.get('message', '')}" if isinstance(fields, dict) else ""
