"""What accounts announces: who did what to which login, and never a password, a token or a tried e-mail."""

from subgraphs.kernel.events import Action, Event, Outcome


class AccountEvent(Event):
    """About the login `account_id`, if there is one of that e-mail; it is that patient's where it is one's."""

    action = Action.UPDATE
    resource_type = "Account"

    account_id: str | None
    patient_id: str | None = None

    def key(self) -> str:
        return self.account_id or "unknown"

    def audited_resource(self) -> str | None:
        return self.account_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class AccountCreated(AccountEvent):
    """The login is open: it can sign in."""

    type = "account.created"
    action = Action.CREATE

    role: str


class AccountInvited(AccountEvent):
    """There is a login for somebody, who is sent a link to choose a password: `link_id` and `email` if one was made."""

    type = "account.invited"
    action = Action.CREATE

    role: str
    link_id: str | None = None
    email: str = ""


class AccountDisabled(AccountEvent):
    """The login cannot sign in any more, and its sessions are over."""

    type = "account.disabled"

    reason: str

    def audited_reason(self) -> str | None:
        return self.reason


class SignInFailed(AccountEvent):
    """Somebody tried to sign in and could not."""

    type = "session.sign_in_failed"
    action = Action.EXECUTE
    outcome = Outcome.FAILED

    reason: str

    def audited_reason(self) -> str | None:
        return self.reason


class PasswordChanged(AccountEvent):
    """Who was signed in chose another password."""

    type = "password.changed"


class PasswordResetRequested(AccountEvent):
    """Somebody forgot the password; `link_id` and `email` only where a link was made."""

    type = "password.reset_requested"
    action = Action.EXECUTE

    link_id: str | None = None
    email: str = ""


class PasswordReset(AccountEvent):
    """Another password was chosen through a link."""

    type = "password.reset"


class SessionEvent(Event):
    action = Action.EXECUTE
    resource_type = "Session"

    session_id: str
    account_id: str
    patient_id: str | None = None

    def key(self) -> str:
        return self.session_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class SignedIn(SessionEvent):
    """A session began."""

    type = "session.signed_in"
    action = Action.CREATE


class SignedOut(SessionEvent):
    """A session ended, for that reason where it was not its owner."""

    type = "session.signed_out"
    action = Action.DELETE

    reason: str | None = None

    def audited_reason(self) -> str | None:
        return self.reason


EVENTS = (
    AccountCreated,
    AccountInvited,
    AccountDisabled,
    SignInFailed,
    PasswordChanged,
    PasswordResetRequested,
    PasswordReset,
    SignedIn,
    SignedOut,
)
