"""What other domains have announced and is still on its way here."""

from collections.abc import Awaitable, Callable


async def _nothing() -> None:
    return None


class Arrivals:
    """For one domain. Whoever runs the transport says in `bring` how to wait; without one nothing is awaited."""

    def __init__(self) -> None:
        self.bring: Callable[[], Awaitable[None]] = _nothing

    async def catch_up(self) -> None:
        """Returns when all that was announced before this call is known here, or after a few seconds in any case.

        For a use case that is about to say that there is no such thing: what a copy does not have yet may have been
        made by somebody a moment ago.
        """
        await self.bring()
