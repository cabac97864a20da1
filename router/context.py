"""Who asks, and what subgraphs are told of it: the same for everything that one request brings about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.auth import CheckedToken


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`headers` are those that the router's rules let through; `token` is None for who is anonymous or not checked."""

    headers: Mapping[str, str] = field(default_factory=dict)
    token: CheckedToken | None = None


NOBODY = RequestContext()
