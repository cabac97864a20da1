"""What stands before the body of a request."""

import re
from collections.abc import Mapping
from functools import lru_cache

from router.transports.http1.address import Address
from router.transports.http1.errors import CannotSend

ENCODINGS = "gzip, deflate"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TEXT = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_OF_THE_CLIENT = frozenset(
    {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection"}
    | {"te", "trailer", "transfer-encoding", "upgrade"}
)


class HeadTemplate:
    """The head of POST requests to one address, `fixed` headers included; those win over what a request brings."""

    def __init__(self, address: Address, fixed: Mapping[str, str]) -> None:
        own = {"host": address.authority, "accept-encoding": ENCODINGS, **fixed}
        self._start = f"POST {address.target} HTTP/1.1\r\n" + "".join(_line(*header) for header in own.items())
        self._taken = _OF_THE_CLIENT | fixed.keys()

    def filled(self, headers: Mapping[str, str], body_bytes: int) -> bytes:
        """Raises CannotSend for headers that are none."""
        lines = [_line(name, value) for name, value in headers.items() if name.lower() not in self._taken]
        return f"{self._start}{''.join(lines)}content-length: {body_bytes}\r\n\r\n".encode("latin-1")


def _line(name: str, value: str) -> str:
    if not _is_token(name):
        raise CannotSend("a header's name that is none")
    if not ((value.isascii() and value.isprintable()) or _TEXT.fullmatch(value)):
        raise CannotSend("a header's value that would not stay one")
    return f"{name}: {value}\r\n"


@lru_cache(maxsize=1_000)
def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None
