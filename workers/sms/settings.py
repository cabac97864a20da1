"""Who sends SMS: nobody but the mailbox page, or Twilio."""

from enum import StrEnum
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Provider(StrEnum):
    CONSOLE = "console"
    TWILIO = "twilio"


class SmsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_SMS_", env_ignore_empty=True, frozen=True, extra="ignore")

    provider: Provider = Field(default=Provider.CONSOLE, description="console (the mailbox) or twilio.")
    account: str | None = Field(default=None, validate_default=True, description="Twilio's account SID.")
    token: SecretStr | None = Field(default=None, validate_default=True, description="Twilio's auth token.")
    sender: str | None = Field(
        default=None, validate_default=True, description="The number or messaging service SID that SMS are from."
    )
    url: str = Field(default="https://api.twilio.com", description="Where the provider answers.")
    timeout_seconds: float = Field(default=20.0, gt=0, description="How long it may take for one SMS.")

    @field_validator("account", "token", "sender")
    @classmethod
    def _there_where_it_is_needed(cls, value: Any, info: ValidationInfo) -> Any:
        if not value and info.data.get("provider") is Provider.TWILIO:
            raise ValueError("twilio sends nothing without it")
        return value
