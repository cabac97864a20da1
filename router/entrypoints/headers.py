"""What the router takes from a client's headers: an origin it trusts, and what subgraphs may see."""

import random
import re
from collections.abc import Collection, Iterable, Mapping

from router.settings import matches

REQUEST_ID = "x-request-id"
REQUEST_ID_FORM = re.compile(r"[\w.:-]{1,128}", re.ASCII)
ORIGIN_FORM = re.compile(r"https?://([^/]+)", re.IGNORECASE)


def first_values(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Of each header the first, by its name in small letters."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return found


def forwarded(headers: Mapping[str, str], allowed: Collection[str]) -> dict[str, str]:
    """The headers that subgraphs are given, by names and patterns; a request id is made where none came."""
    kept = {name: value for name in allowed if (value := headers.get(name)) is not None}
    if any("*" in name for name in allowed):
        of_this_hop = [name.strip().lower() for name in headers.get("connection", "").split(",")]
        kept |= {n: v for n, v in headers.items() if n not in of_this_hop and matches(n, allowed)}
    if REQUEST_ID in allowed and not REQUEST_ID_FORM.fullmatch(kept.get(REQUEST_ID, "")):
        kept[REQUEST_ID] = f"{random.getrandbits(128):032x}"
    return kept


def is_trusted_origin(headers: Mapping[str, str], allowed: Collection[str]) -> bool:
    """No Origin (not a browser), this host's own, or one that the operator named."""
    origin = headers.get("origin")
    if origin is None or origin in allowed:
        return True
    same_host = ORIGIN_FORM.fullmatch(origin)
    return same_host is not None and same_host[1].lower() == headers.get("host", "").lower()
