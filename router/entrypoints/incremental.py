"""Answers in parts: who reads them, and the first part beside those that follow."""

from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from typing import Any, Self

from router.entrypoints.framing import DEFER_SPEC
from router.entrypoints.negotiation import MULTIPART, Range, ranges_of

Payload = Mapping[str, Any]


@lru_cache(maxsize=256)
def accepts_parts(accept: str | None) -> bool:
    """Named as such: who takes anything does not mean this. One without a version means the one there is."""
    return accept is not None and any(_is_ours(range_) for range_ in ranges_of(accept))


def _is_ours(range_: Range) -> bool:
    versions = {name: value for name, value in range_.parameters.items() if name.endswith("spec")}
    named = not versions or versions.get("deferspec") == DEFER_SPEC
    return range_.type == MULTIPART and range_.quality > 0 and named


class Begun:
    """Payloads of which the first has been taken already; closed, what is still to come is stopped."""

    def __init__(self, first: Payload, rest: AsyncGenerator[Payload, None]) -> None:
        self._first: Payload | None = first
        self._rest = rest

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Payload:
        first, self._first = self._first, None
        return await anext(self._rest) if first is None else first

    async def aclose(self) -> None:
        await self._rest.aclose()
