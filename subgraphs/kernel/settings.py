"""The settings that every component shares, read once from the environment (`HOSPITAL_…`)."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def known_zone(name: str) -> str:
    """The name of an IANA zone. Raises ValueError for any other."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone, such as Asia/Kolkata")
    return name


def origin(url: str) -> str:
    """The URL without a slash at its end. Raises ValueError for all that links cannot begin with."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no address to reach a hospital at, such as https://hospital.example")
    return url.rstrip("/")


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
    phone_region: str = Field(default="IN", description="Region of telephone numbers written without a country.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Seals the keys of tokens, signs the audit trail; made and kept in the data folder when not given.",
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
