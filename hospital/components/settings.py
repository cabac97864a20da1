"""What a component needs to know to run as a process of its own: where databases and other components are."""

from functools import cache
from ssl import SSLError
from typing import Annotated, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FilePath, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.supergraph import SUPERGRAPH
from router.supergraph import read_supergraph
from subgraphs.kernel.database import ANSWER_SECONDS, Database
from subgraphs.kernel.settings import origin

_MYSQL = 3306


class _Common(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HOSPITAL_", env_ignore_empty=True, frozen=True, extra="ignore")

    callers: FilePath | None = Field(
        None, description="The file with the keys that components sign their requests with (`hospital keys` makes it)."
    )
    database_ca: FilePath | None = Field(
        None, description="The certificates that vouch for the servers of databases; where set, all is sent over TLS."
    )


class AdminSettings(BaseSettings):
    """For `hospital databases`, and for nothing that runs."""

    model_config = SettingsConfigDict(env_prefix="HOSPITAL_", env_ignore_empty=True, frozen=True, extra="ignore")

    database_admin_url: SecretStr | None = Field(
        None, description="Who may make databases, such as mysql+asyncmy://root:password@host:3306/."
    )


def _address(url: str) -> str:
    """The root of a component's addresses, without a slash at its end. Raises ValueError."""
    if urlsplit(url).port == 0:
        raise ValueError("0 is no port")
    return origin(url)


_DATABASES = {
    f"{name}_database_url": (
        SecretStr | None,
        Field(None, description=f"The database of {name}, such as mysql+asyncmy://user:password@host/{name}."),
    )
    for name in NAMES
}
_ADDRESSES = {
    f"{name}_url": (
        Annotated[str, AfterValidator(_address)] | None,
        Field(None, description=f"Where {name} is reached, such as http://{name}:8000; else as the supergraph says."),
    )
    for name in NAMES
}
_Settings = create_model("_Settings", __base__=_Common, **_DATABASES, **_ADDRESSES)  # type: ignore[call-overload]  # fields by name


def database_setting(domain: str) -> str:
    return f"HOSPITAL_{domain.upper()}_DATABASE_URL"


def address_setting(domain: str) -> str:
    return f"HOSPITAL_{domain.upper()}_URL"


class ComponentSettings(_Settings):
    """One HOSPITAL_<DOMAIN>_DATABASE_URL and one HOSPITAL_<DOMAIN>_URL for each domain."""

    def database_url(self, domain: str) -> str:
        """Raises CannotDo."""
        url = cast(SecretStr | None, getattr(self, f"{domain}_database_url"))
        if url is None:
            example = f"mysql+asyncmy://{domain}:password@host/{domain}"
            raise CannotDo(
                f"{database_setting(domain)} is not set, such as {example}: `hospital databases` makes what it names."
            )
        own = _place(url)
        for other in NAMES:
            if other != domain and own and own == _place(getattr(self, f"{other}_database_url")):
                both = f"{database_setting(domain)} and {database_setting(other)}"
                raise CannotDo(f"{both} name one database: each domain has one of its own.")
        return url.get_secret_value()

    def database(self, domain: str, answer_seconds: float | None = ANSWER_SECONDS) -> Database:
        """Nothing is connected yet. Raises CannotDo."""
        url = self.database_url(domain)
        try:
            return Database(url, ca=self.database_ca, answer_seconds=answer_seconds)
        except SSLError:
            raise CannotDo(f"HOSPITAL_DATABASE_CA: {self.database_ca} holds no certificates.") from None
        except (SQLAlchemyError, ImportError, ValueError):
            example = "mysql+asyncmy://user:password@host/database"
            raise CannotDo(f"{database_setting(domain)} is no address such as {example}.") from None

    def url(self, domain: str) -> str:
        """The root of the component's addresses."""
        given = cast(str | None, getattr(self, f"{domain}_url"))
        return given or _named()[domain]


def own_port(domain: str) -> int:
    """Where others look for it by default."""
    port = urlsplit(_named()[domain]).port
    assert port is not None
    return port


def _place(url: SecretStr | None) -> tuple[str | None, int | None, str | None] | None:
    """Of a database: where it is, whoever asks. None for what is no address."""
    try:
        parts = make_url(url.get_secret_value()) if url else None
    except (ArgumentError, ValueError):
        return None
    return (parts.host, parts.port or _MYSQL, parts.database) if parts and parts.database else None


@cache
def _named() -> dict[str, str]:
    """Read where it is asked for: the whole schema takes as long to read as all settings together."""
    subgraphs = read_supergraph(SUPERGRAPH.read_text("utf-8")).subgraphs
    return {name: (subgraph.url or "").removesuffix("/graphql") for name, subgraph in subgraphs.items()}
