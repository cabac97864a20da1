"""Where e-mail goes out: an SMTP server, or without one the mailbox of this hospital."""

from enum import StrEnum

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Tls(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class SmtpSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_SMTP_", env_ignore_empty=True, frozen=True, extra="ignore")

    host: str | None = Field(
        default=None, description="The server that takes e-mail; without one it goes to the mailbox."
    )
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    tls: Tls = Field(default=Tls.STARTTLS, description="none, starttls or implicit.")
    user: str | None = Field(default=None, description="Who signs in there; nobody when not given.")
    password: SecretStr | None = Field(default=None, description="That user's password.")
    sender: str | None = Field(default=None, description="Whom e-mail is from; no-reply at the host of the public URL.")
    timeout_seconds: float = Field(default=20.0, gt=0, description="How long one answer of the server may take.")
    connections: int = Field(default=4, ge=1, le=50, description="How many are open at once.")
