"""The links that mails carry: given again at the moment of sending, so that nobody need keep one."""

from typing import Protocol


class Links(Protocol):
    async def link(self, link_id: str) -> str | None:
        """The address to open; None where the link is used, void or has ended. Raises when that cannot be said now."""
        ...
