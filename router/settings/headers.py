"""Names of headers, and which of them say who somebody is."""

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator

OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "accept", "accept-encoding", "content-type"}
    | {"content-encoding"}
)
"""Headers that are the router's own on each of its connections, and no subgraph's."""
CREDENTIALS = ("authorization", "cookie")


def a_header(name: str) -> str:
    """In small letters. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name.lower()) or name.lower() in OF_THE_CONNECTION:
        raise ValueError(f"{name!r} is no header that subgraphs can be given")
    return name.lower()


def matches(name: str, patterns: Collection[str]) -> bool:
    """What tells who somebody is matches its own name alone."""
    if name in patterns:
        return True
    if name in CREDENTIALS or name in OF_THE_CONNECTION:
        return False
    return any("*" in pattern and fnmatchcase(name, pattern) for pattern in patterns)


HeaderName = Annotated[str, AfterValidator(a_header)]
