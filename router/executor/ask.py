"""Asking a subgraph, whatever comes back."""

from collections.abc import Mapping
from typing import Any

from router.transports.base import SubgraphRequest, Transport, TransportError

UNANSWERED = "it gave no answer."
TOO_DEEP = "its answer is nested too deeply."
MALFORMED = "its answer is no GraphQL response."


async def ask(transport: Transport, request: SubgraphRequest) -> Mapping[str, Any] | str:
    """The reply, with `data` a mapping or null; or why there is none."""
    try:
        reply = await transport.execute(request)
    except TransportError:
        return UNANSWERED
    return MALFORMED if is_malformed(reply) else reply


def is_malformed(reply: object) -> bool:
    if not isinstance(reply, Mapping):
        return True
    data = reply.get("data")
    return not reply.get("errors") if data is None else type(data) is not dict
