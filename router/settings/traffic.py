"""How subgraphs are asked: over how many connections, how often, how many at a time, with which headers, which way."""

import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
)

from router.settings.headers import CREDENTIALS, HeaderName

Share = Annotated[float, Field(ge=0, le=1)]


class Connections(BaseModel):
    """Those to subgraphs and other components, each server's apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: PositiveInt = Field(250, description="How many there may be to one subgraph's server.")
    connect_seconds: PositiveFloat = Field(5.0, description="How long it may take to connect.")
    idle_seconds: PositiveFloat = Field(
        4.0, description="How long one is kept that is not used: less than the server does (uvicorn: 5)."
    )
    ca_file: FilePath | None = Field(
        None, description="Certificates (PEM) of authorities that are believed beside the system's."
    )

    @field_validator("ca_file")
    @classmethod
    def hold_certificates(cls, value: Path | None) -> Path | None:
        try:
            if value is not None:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
        except OSError as error:
            raise ValueError(f"no certificates can be read there: {error.strerror or error}") from None
        return value


class Retries(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    most: NonNegativeInt = Field(
        1, description="How often a query is sent again to a subgraph that was not reached; 0: never."
    )
    share: Share = Field(0.1, description="Which share of the queries to a subgraph may be sent again.")
    a_second: NonNegativeFloat = Field(1.0, description="How many queries a second may be sent again beyond that.")
    pause_seconds: PositiveFloat = Field(
        0.05, description="The longest pause before a query is sent again; it doubles with each time."
    )


class Breaker(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    share: Share = Field(
        0.5, description="The share of requests that do not reach a subgraph which has it left alone; 0: it never is."
    )
    requests: PositiveInt = Field(20, description="How many requests there must have been for that.")
    window_seconds: PositiveFloat = Field(10.0, description="Within how long.")
    open_seconds: PositiveFloat = Field(
        2.0, description="How long a subgraph is left alone before one request tries it."
    )


class Caps(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    running: NonNegativeInt = Field(
        200, description="How many requests a subgraph is given at a time, without subscriptions; 0: any number."
    )
    running_by_name: dict[str, NonNegativeInt] = Field({}, description="The same for single subgraphs, by name.")
    waiting: NonNegativeInt = Field(1_000, description="How many more may wait for one of them to end.")
    wait_seconds: PositiveFloat = Field(1.0, description="How long they may.")

    def running_of(self, subgraph: str) -> int:
        return self.running_by_name.get(subgraph, self.running)


class Sharing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    queries: bool = Field(True, description="Whether equal queries that are sent at the same time are sent as one.")
    other_headers: tuple[HeaderName, ...] = Field(
        ("x-request-id", "traceparent", "tracestate"), description="Headers that may differ between them."
    )

    @field_validator("other_headers")
    @classmethod
    def tell_nobody_apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if named := set(CREDENTIALS).intersection(value):
            raise ValueError(f"{min(named)} says who asks: what is for one is not for another")
        return value


class HeaderRules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    forward: tuple[HeaderName, ...] | None = Field(
        None,
        description="The headers of clients that it is given, * for any characters; without it, the same as others.",
    )
    remove: tuple[HeaderName, ...] = Field((), description="Those of them that it is not given.")
    rename: dict[HeaderName, HeaderName] = Field({}, description="Other names for some.")
    insert: dict[HeaderName, SecretStr] = Field({}, description="Headers that it is always given.")


EventProtocol = Literal["graphql-transport-ws", "graphql-sse"]


class SubgraphEvents(BaseModel):
    """Subscriptions to subgraphs, at the same address as queries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: EventProtocol = Field(
        "graphql-transport-ws",
        description="How subgraphs tell events: over WebSockets, or as server-sent events (distinct connections).",
    )
    protocol_by_name: dict[str, EventProtocol] = Field({}, description="The same for single subgraphs, by name.")
    silent_seconds: NonNegativeFloat = Field(
        0.0,
        description="How long a stream of server-sent events may be silent before it is given up: more than the pause"
        " between the subgraph's heartbeats. 0: for ever, for those that send none.",
    )

    def protocol_of(self, subgraph: str) -> EventProtocol:
        return self.protocol_by_name.get(subgraph, self.protocol)


class Traffic(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    headers: dict[str, HeaderRules] = Field(
        {}, description="Rules for the headers of single subgraphs, by name: forward, remove, rename, insert."
    )

    retries: Retries = Retries()
    breaker: Breaker = Breaker()
    caps: Caps = Caps()
    sharing: Sharing = Sharing()
    events: SubgraphEvents = SubgraphEvents()
