"""The use cases of accounts, one file a group; together they are the service."""

from dataclasses import dataclass

from subgraphs.accounts.service.holds import Holds
from subgraphs.accounts.service.invitations import Invitations
from subgraphs.accounts.service.logins import Accounts
from subgraphs.accounts.service.passwords import Passwords
from subgraphs.accounts.service.sessions import Sessions
from subgraphs.accounts.service.upkeep import Upkeep


@dataclass(frozen=True)
class AccountService(Sessions, Passwords, Accounts, Invitations, Holds, Upkeep):
    """Everything that can be done with logins; each group is written over the same desk."""
