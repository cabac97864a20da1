"""What a component needs to know to run as a process of its own: where databases and other components are."""

from typing import cast

from pydantic import Field, FilePath, SecretStr, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from hospital.domains import NAMES
from hospital.problems import CannotDo
from hospital.web import SUPERGRAPH
from router.supergraph import read_supergraph
from subgraphs.kernel.database import ANSWER_SECONDS, Database


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


_NAMED = {
    name: (subgraph.url or "").removesuffix("/graphql")
    for name, subgraph in read_supergraph(SUPERGRAPH.read_text("utf-8")).subgraphs.items()
}

_DATABASES = {
    f"{name}_database_url": (
        SecretStr | None,
        Field(None, description=f"The database of {name}, such as mysql+asyncmy://user:password@host/{name}."),
    )
    for name in NAMES
}
_ADDRESSES = {
    f"{name}_url": (
        str | None,
        Field(None, description=f"Where {name} is reached, such as http://{name}:8000; else as the supergraph says."),
    )
    for name in NAMES
}
_Settings = create_model("_Settings", __base__=_Common, **_DATABASES, **_ADDRESSES)  # type: ignore[call-overload]  # fields by name


class ComponentSettings(_Settings):
    """One HOSPITAL_<DOMAIN>_DATABASE_URL and one HOSPITAL_<DOMAIN>_URL for each domain."""

    def database_url(self, domain: str) -> str:
        """Raises CannotDo."""
        url = cast(SecretStr | None, getattr(self, f"{domain}_database_url"))
        if url is None:
            raise CannotDo(f"HOSPITAL_{domain.upper()}_DATABASE_URL is not set: `hospital databases` makes databases.")
        return url.get_secret_value()

    def database(self, domain: str, answer_seconds: float | None = ANSWER_SECONDS) -> Database:
        """Raises CannotDo."""
        return Database(self.database_url(domain), ca=self.database_ca, answer_seconds=answer_seconds)

    @property
    def named_databases(self) -> list[str]:
        """The domains whose database is set."""
        return [name for name in NAMES if getattr(self, f"{name}_database_url") is not None]

    def url(self, domain: str) -> str:
        """The root of the component's addresses."""
        given = cast(str | None, getattr(self, f"{domain}_url"))
        return (given or _NAMED[domain]).rstrip("/")
