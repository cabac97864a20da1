"""The rows that accounts owns. What would let somebody in is kept as a hash, or sealed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, LongText
from subgraphs.kernel.principal import RoleName

_registry = registry()
METADATA: MetaData = _registry.metadata


class AccountsTable(SQLModel, registry=_registry):
    pass


class Status(StrEnum):
    """HELD: for a sign-up that is under way. INVITED: without a password yet. OPEN: signs in, unless it is disabled."""

    HELD = "HELD"
    INVITED = "INVITED"
    OPEN = "OPEN"


class AccountRow(AccountsTable, table=True):
    """A login; `patient_id` or `doctor_id` is whom it is for. `held_at` is the latest time that its owner asked."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("patient_id"),
        UniqueConstraint("doctor_id"),
        Index("ix_accounts_status_held_at", "status", "held_at"),
        Index("ix_accounts_role", "role"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    email: str = Field(sa_type=ExactText(254))
    role: str = Field(sa_type=ExactText(16))
    patient_id: str | None = Field(default=None, sa_type=ExactText(36))
    doctor_id: str | None = Field(default=None, sa_type=ExactText(36))
    status: str = Field(sa_type=ExactText(16))
    password_hash: str | None = Field(default=None, sa_type=ExactText(200), repr=False)
    held_at: datetime | None = Field(default=None, sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)

    @property
    def role_name(self) -> RoleName:
        return RoleName(self.role)

    @property
    def signs_in(self) -> bool:
        return self.status == Status.OPEN and self.disabled_at is None

    @property
    def is_held(self) -> bool:
        return self.status == Status.HELD

    def is_for_the_same_as(self, other: "AccountRow") -> bool:
        """Whether both are for one patient, or one doctor."""
        return self.subject is not None and self.subject == other.subject

    @property
    def subject(self) -> tuple[str, str] | None:
        subject_id = self.patient_id or self.doctor_id
        return None if subject_id is None else (self.role, subject_id)


class SessionRow(AccountsTable, table=True):
    """A family of refresh tokens, from one sign-in on; it goes on until `ends_at` at the latest."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account_id", "account_id", "ended_at"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    account_id: str = Field(sa_type=ExactText(36), foreign_key="accounts.id")
    created_at: datetime = Field(sa_type=Instant)
    used_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class RefreshTokenRow(AccountsTable, table=True):
    """A refresh token by its SHA-256; `used_at`: it was given back for the next one."""

    __tablename__ = "refresh_tokens"

    token_hash: str = Field(primary_key=True, sa_type=ExactText(64), repr=False)
    session_id: str = Field(sa_type=ExactText(36), foreign_key="sessions.id", index=True)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Purpose(StrEnum):
    RESET = "RESET"
    INVITATION = "INVITATION"


class LinkRow(AccountsTable, table=True):
    """A mailed link by the SHA-256 of its token; `ended_at`: it was used, or something made it void."""

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_account_id", "account_id", "created_at"),)

    token_hash: str = Field(primary_key=True, sa_type=ExactText(64), repr=False)
    account_id: str = Field(sa_type=ExactText(36), foreign_key="accounts.id")
    purpose: str = Field(sa_type=ExactText(16))
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class SignInFailureRow(AccountsTable, table=True):
    """One of the ten places for the failed sign-ins of an e-mail (by its SHA-256): the eleventh finds none free."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (PrimaryKeyConstraint("email_hash", "place"),)

    email_hash: str = Field(sa_type=ExactText(64))
    place: int
    failed_at: datetime = Field(sa_type=Instant, index=True)


class SigningKeyRow(AccountsTable, table=True):
    """A key pair, the private part sealed. `place` counts up, so that of two made at once one is refused."""

    __tablename__ = "signing_keys"
    __table_args__ = (UniqueConstraint("place"),)

    kid: str = Field(primary_key=True, sa_type=ExactText(64))
    place: int
    public_jwk: str = Field(sa_type=LongText)
    sealed_jwk: str = Field(sa_type=LongText, repr=False)
    signs_from: datetime = Field(sa_type=Instant)
    signs_until: datetime = Field(sa_type=Instant)
    published_until: datetime = Field(sa_type=Instant)


class SubjectRow(AccountsTable, table=True):
    """What accounts keeps of a patient or doctor, to invite them: `invitable` is alive, or active."""

    __tablename__ = "subjects"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    role: str = Field(sa_type=ExactText(16))
    version: int
    email: str | None = Field(default=None, sa_type=ExactText(320))
    invitable: bool
