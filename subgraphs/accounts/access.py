"""Accounts' rows of who may see and do what."""

from subgraphs.kernel.access import ANYBODY, EVERY_ROLE, Deed, Seat, Thing
from subgraphs.kernel.principal import RoleName

OWN_ACCOUNT = Thing(
    name="an account (login, role)",
    fields=("Query.viewer", "Viewer.*", "Account.*"),
    seen_by=frozenset(Seat) - {Seat.ANONYMOUS, Seat.OTHER_PATIENT},
)

ANY_ACCOUNT = Thing(
    name="an account (login, role): anybody's", fields=("Query.account",), seen_by=frozenset({Seat.ADMIN})
)

SIGN_IN = Deed(
    "sign up, sign in", ("signIn", "refreshSession", "requestPasswordReset", "resetPassword"), done_by=ANYBODY
)
OWN_SESSION = Deed("sign out, change one's password", ("signOut", "changePassword"), done_by=EVERY_ROLE)
STAFF = Deed("departments, staff accounts, templates", ("createStaffAccount",), frozenset({RoleName.ADMIN}))
DISABLE = Deed("disable an account, deactivate a doctor", ("disableAccount",), frozenset({RoleName.ADMIN}))
INVITE = Deed("invite to a login", ("inviteAccount",), frozenset({RoleName.ADMIN, RoleName.RECEPTIONIST}))

THINGS = (OWN_ACCOUNT, ANY_ACCOUNT)
DEEDS = (SIGN_IN, OWN_SESSION, STAFF, DISABLE, INVITE)
