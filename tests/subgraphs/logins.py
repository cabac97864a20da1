"""A small accounts, for the domains that ask it to hold logins."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from subgraphs.kernel.email_address import compared
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.principal import RoleName

GOOD_PASSWORD = "correct horse battery staple"


@dataclass
class LoginsInMemory:
    """Holds one login of that role for an e-mail; `on_hold` runs when one is asked for."""

    role: RoleName
    held: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    on_hold: Callable[[], Awaitable[None]] | None = None

    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        self.asked += 1
        assert role is self.role
        if self.on_hold is not None:
            await self.on_hold()
        if len(password) < 10:
            raise Refused(Problem("WEAK_PASSWORD", "Longer, please.", ("password",)))
        if self.held.setdefault(compared(email), subject_id) != subject_id:
            raise Refused(Problem("EMAIL_TAKEN", "There is a login of that e-mail.", ("email",)))

    async def release(self, *, role: RoleName, subject_id: str) -> None:
        assert role is self.role
        self.held = {email: id for email, id in self.held.items() if id != subject_id}
