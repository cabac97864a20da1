"""Who sends SMS: nobody but the mailbox page, or Twilio."""

from enum import StrEnum

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Provider(StrEnum):
    CONSOLE = "console"
    TWILIO = "twilio"


class SmsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_SMS_", env_ignore_empty=True, frozen=True, extra="ignore")

    provider: Provider = Field(default=Provider.CONSOLE, description="console (the mailbox) or twilio.")
    account: str | None = Field(default=None, description="Twilio's account SID.")
    token: SecretStr | None = Field(default=None, description="Twilio's auth token.")
    sender: str | None = Field(default=None, description="The number or messaging service SID that SMS are from.")
    url: str = Field(default="https://api.twilio.com", description="Where the provider answers.")
    timeout_seconds: float = Field(default=20.0, gt=0, description="How long it may take for one SMS.")

    @model_validator(mode="after")
    def _whole(self) -> "SmsSettings":
        if self.provider is Provider.TWILIO and not (self.account and self.token and self.sender):
            raise ValueError("twilio needs HOSPITAL_SMS_ACCOUNT, HOSPITAL_SMS_TOKEN and HOSPITAL_SMS_SENDER")
        return self
