"""A login for somebody whose row another domain owns: what patients and doctors ask of accounts, and the reverse.

The owner picks the id and asks accounts to hold the e-mail for it. What is held cannot sign in; the owner's event opens
it. After a minute accounts asks the owner whether the id was written: then it opens the login, or drops the hold.
"""

from typing import Protocol

from subgraphs.kernel.principal import RoleName


class Logins(Protocol):
    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        """Holds the e-mail and the password's hash for the patient or doctor of that id; safe to repeat.

        Raises Refused: EMAIL_TAKEN, WEAK_PASSWORD, INVALID_INPUT (field `email` or `password`).
        """
        ...


class SubjectOwner(Protocol):
    async def exists(self, subject_id: str) -> bool:
        """Whether the patient or doctor of that id was written. Raises when the owner cannot say."""
        ...
