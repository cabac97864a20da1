"""Everything about the router that an operator may choose, read once from the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Limits(BaseModel):
    """What is refused at the door; each may be raised by HOSPITAL_ROUTER_LIMITS__NAME."""

    model_config = ConfigDict(frozen=True)

    body_bytes: PositiveInt = 1_000_000
    json_depth: PositiveInt = 32
    json_values: PositiveInt = 5_000

    document_characters: PositiveInt = 64_000
    tokens: PositiveInt = 2_000
    definitions: PositiveInt = 100

    depth: PositiveInt = 10
    aliases: PositiveInt = 15
    directives: PositiveInt = 50
    cost: PositiveInt = 10_000
    page_size_arguments: tuple[str, ...] = ("first", "last")
    assumed_page_size: PositiveInt = 100
    field_merges: PositiveInt = 5_000
    introspection_depth: PositiveInt = 16
    introspection_fields: PositiveInt = 500

    socket_message_bytes: PositiveInt = 256_000
    socket_operations: PositiveInt = 50


class SocketTimes(BaseModel):
    model_config = ConfigDict(frozen=True)

    init_seconds: PositiveFloat = 5.0
    send_seconds: PositiveFloat = 30.0


class RouterSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HOSPITAL_ROUTER_", env_nested_delimiter="__", frozen=True, populate_by_name=True
    )

    path: str = "/graphql"
    limits: Limits = Limits()
    sockets: SocketTimes = SocketTimes()
    body_seconds: PositiveFloat = 10.0
    drain_seconds: PositiveInt = 10
    plan_cache_size: PositiveInt = 1_000
    plan_cache_characters: PositiveInt = 1_000_000
    introspection: bool = True
    graphiql: bool = True
    graphiql_tabs: Path | None = None

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="HOSPITAL_ALLOWED_ORIGINS")
    forwarded_headers: tuple[str, ...] = ("authorization", "traceparent", "x-request-id")

    jwks_url: str | None = None
    issuer: str | None = None
    audience: str | None = None
    token_algorithms: tuple[str, ...] = ("EdDSA", "ES256")

    subgraph_urls: dict[str, str] = {}
    subgraph_seconds: PositiveFloat = 5.0
    mutation_seconds: PositiveFloat = 30.0
    subgraph_seconds_by_name: dict[str, PositiveFloat] = {}
    subgraph_reply_bytes: PositiveInt = 16_000_000

    trusted_proxies: tuple[str, ...] = ()
    passthrough: dict[str, str] = {}
    passthrough_seconds: PositiveFloat = 30.0

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def split_at_commas(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())

    def seconds_of(self, subgraph: str) -> float:
        return self.subgraph_seconds_by_name.get(subgraph, self.subgraph_seconds)
