"""Where an HTTP server is, and how a request names it."""

from dataclasses import dataclass
from typing import Self

from yarl import URL

from router.transports.http1.errors import CannotSend


@dataclass(frozen=True, slots=True)
class Origin:
    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Address:
    """`authority` is the value of `Host`, `target` the path and query as sent."""

    origin: Origin
    authority: str
    target: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises CannotSend, which does not repeat the address. A fragment is for the asker alone and not sent."""
        try:
            url = URL(text)
            host, port, authority = url.raw_host, url.port, url.host_port_subcomponent
        except ValueError:
            raise CannotSend("not a URL") from None
        if url.scheme not in {"http", "https"} or not host or not port or not authority:
            raise CannotSend("not the URL of an HTTP server")
        if url.raw_user is not None or url.raw_password is not None:
            raise CannotSend("a URL with credentials")
        return cls(Origin(host, port, url.scheme == "https"), authority, url.raw_path_qs)
