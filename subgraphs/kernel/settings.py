"""The settings that every component shares, read once from the environment (`HOSPITAL_…`)."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgraphs.kernel.currency import known_currency

LEAST_SECRET_CHARACTERS = 16


@cache
def _zones() -> frozenset[str]:
    """Read from the disk."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The name of an IANA zone. Raises ValueError for any other."""
    if name not in _zones():
        raise ValueError(f"{name!r} is not an IANA time zone, such as Asia/Kolkata")
    return name


def known_region(code: str) -> str:
    """The code of a region that has telephone numbers. Raises ValueError for any other."""
    if code not in SUPPORTED_REGIONS:
        raise ValueError(f"{code!r} is not a region such as IN")
    return code


def origin(url: str) -> str:
    """The URL without a slash at its end. Raises ValueError for all that links cannot begin with."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no address to reach a hospital at, such as https://hospital.example")
    return url.rstrip("/")


def long_enough(secret: SecretStr | None) -> SecretStr | None:
    """As given. Raises ValueError for one that is too short to be a secret."""
    if secret is not None and len(secret) < LEAST_SECRET_CHARACTERS:
        raise ValueError(f"it has {LEAST_SECRET_CHARACTERS} characters at least")
    return secret


class Settings(BaseSettings):
    """A variable that is empty is one that is not set."""

    model_config = SettingsConfigDict(env_prefix="HOSPITAL_", env_ignore_empty=True, frozen=True, extra="ignore")

    data: Path = Field(default=Path("data"), description="Folder of the databases, keys and the mailbox.")
    public_url: Annotated[str, AfterValidator(origin)] = Field(
        default="http://127.0.0.1:8761", description="Where people reach the hospital; in links and tokens."
    )
    time_zone: Annotated[str, AfterValidator(known_zone)] = Field(default="UTC", description="The hospital's days.")
    locale: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$",
        description="Language of what goes out, such as en or de-AT.",
    )
    phone_region: Annotated[str, AfterValidator(known_region)] = Field(
        default="IN", description="Region of telephone numbers written without a country."
    )
    currency: Annotated[str, AfterValidator(known_currency)] = Field(
        default="INR", description="What bills are in (ISO 4217). Not to change once there are bills."
    )
    payment_provider: Literal["console", "stripe"] = Field(
        default="console", description="Who takes cards and UPI: console takes no money, for trying things out."
    )
    stripe_secret_key: SecretStr | None = Field(
        default=None, validate_default=True, description="Needed where stripe is the provider."
    )
    stripe_url: Annotated[str, AfterValidator(origin)] = Field(
        default="https://api.stripe.com", description="Where Stripe's API is."
    )
    secret_key: Annotated[SecretStr | None, AfterValidator(long_enough)] = Field(
        default=None,
        description="Seals the keys of tokens, signs the audit trail; made and kept in the data folder when not given.",
    )

    @field_validator("stripe_secret_key")
    @classmethod
    def _there_where_it_is_needed(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("payment_provider") == "stripe":
            raise ValueError("stripe takes no money without it")
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
