"""Everything about the router that an operator may choose, read once from the environment."""

import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from router.errors import SHOWN_EXTENSIONS

OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "accept", "accept-encoding", "content-type"}
    | {"content-encoding"}
)
"""Headers that are the router's own on each of its connections, and no subgraph's."""
CREDENTIALS = ("authorization", "cookie")


def a_header(name: str) -> str:
    """In small letters. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name.lower()) or name.lower() in OF_THE_CONNECTION:
        raise ValueError(f"{name!r} is no header that subgraphs can be given")
    return name.lower()


def matches(name: str, patterns: Collection[str]) -> bool:
    """What tells who somebody is matches its own name alone."""
    if name in patterns:
        return True
    if name in CREDENTIALS or name in OF_THE_CONNECTION:
        return False
    return any("*" in pattern and fnmatchcase(name, pattern) for pattern in patterns)


Share = Annotated[float, Field(ge=0, le=1)]
HeaderName = Annotated[str, AfterValidator(a_header)]


class Limits(BaseModel):
    """What is refused at the door; each may be raised by HOSPITAL_ROUTER_LIMITS__NAME."""

    model_config = ConfigDict(frozen=True)

    head_bytes: PositiveInt = Field(
        65_536, description="How large the address and the headers of a request may be together."
    )
    body_bytes: PositiveInt = Field(1_000_000, description="The largest body of a request.")
    json_depth: PositiveInt = Field(32, description="How deeply the JSON of a request may be nested.")
    json_values: PositiveInt = Field(5_000, description="How many values the JSON of a request may have.")

    document_characters: PositiveInt = Field(64_000, description="The longest document.")
    tokens: PositiveInt = Field(2_000, description="How many tokens a document may have.")
    definitions: PositiveInt = Field(100, description="How many operations and fragments a document may have.")

    depth: PositiveInt = Field(10, description="How many levels of fields an operation may ask for.")
    aliases: PositiveInt = Field(15, description="How many aliases an operation may use.")
    directives: PositiveInt = Field(50, description="How many directives an operation may use.")
    deferred_parts: PositiveInt = Field(
        20, description="How many parts an operation may defer, each counted wherever it is spread."
    )
    cost: PositiveInt = Field(
        10_000, description="The points an operation may cost: one a field, times the page sizes of the lists above it."
    )
    page_size_arguments: tuple[str, ...] = Field(("first", "last"), description="The arguments that give a page size.")
    assumed_page_size: PositiveInt = Field(
        100, description="What a list counts as when its page size is neither given nor declared."
    )
    field_merges: PositiveInt = Field(5_000, description="How many pairs of equal fields an operation may repeat.")
    introspection_depth: PositiveInt = Field(
        16, description="How many levels of introspection an operation may ask for."
    )
    introspection_fields: PositiveInt = Field(
        500, description="How many fields of introspection an operation may ask for."
    )

    sockets: PositiveInt = Field(10_000, description="How many WebSockets may be open in one process at a time.")
    socket_message_bytes: PositiveInt = Field(256_000, description="The largest message of a client over a WebSocket.")
    socket_operations: PositiveInt = Field(50, description="How many operations may run on one WebSocket at a time.")
    http_streams: PositiveInt = Field(
        10_000, description="How many subscriptions over HTTP may be open in one process at a time."
    )


class SocketTimes(BaseModel):
    model_config = ConfigDict(frozen=True)

    init_seconds: PositiveFloat = Field(5.0, description="How long a WebSocket may stay open before it is initialised.")
    send_seconds: PositiveFloat = Field(
        30.0, description="How long a client may take to read a message before its connection is closed."
    )


class StreamTimes(BaseModel):
    model_config = ConfigDict(frozen=True)

    heartbeat_seconds: PositiveFloat = Field(
        5.0, description="How often a subscription over HTTP shows that it goes on."
    )


class Authorization(BaseModel):
    model_config = ConfigDict(frozen=True)

    reject_unauthorized: bool = Field(
        False, description="Whether an operation with a field that the caller may not see is refused whole."
    )


class Overrides(BaseModel):
    """Progressive overrides, by which fields move from one subgraph to another."""

    model_config = ConfigDict(frozen=True)

    labels: tuple[str, ...] = Field((), description="The labels that hold for every request, besides percent(…).")
    draw: Literal["request", "caller"] = Field(
        "request",
        description="Whether percent(…) is drawn for each request, or is the same for all requests of a caller who"
        " is known.",
    )


class Persisted(BaseModel):
    """Operations that clients name instead of sending them."""

    model_config = ConfigDict(frozen=True)

    automatic: bool = Field(True, description="Whether an operation that was sent once may then be named by its hash.")
    kept: PositiveInt = Field(1_000, description="How many operations that were sent are kept by their hash.")
    kept_characters: PositiveInt = Field(1_000_000, description="How long these operations may be in all.")
    safe_list: FilePath | None = Field(
        None,
        description="The file of operations that are known: a persisted query manifest of Apollo's, or a JSON object of"
        " documents by their ids. It is read anew when it changes.",
    )
    safe_list_mode: Literal["off", "log", "only", "ids_only"] = Field(
        "off",
        description="What becomes of operations that are not on the list: nothing (off), a line in the log (log), a"
        " refusal (only); with ids_only, those on the list must be named by their id.",
    )

    @model_validator(mode="after")
    def has_its_list(self) -> Self:
        if self.safe_list_mode != "off" and self.safe_list is None:
            raise ValueError("a safe list's mode needs a safe list")
        return self


class Connections(BaseModel):
    """Those to subgraphs and other components, each server's apart."""

    model_config = ConfigDict(frozen=True)

    number: PositiveInt = Field(250, description="How many there may be to one subgraph's server.")
    connect_seconds: PositiveFloat = Field(5.0, description="How long it may take to connect.")
    idle_seconds: PositiveFloat = Field(
        4.0, description="How long one is kept that is not used: less than the server does (uvicorn: 5)."
    )
    ca_file: FilePath | None = Field(
        None, description="Certificates (PEM) of authorities that are believed beside the system's."
    )


class ReloadTimes(BaseModel):
    model_config = ConfigDict(frozen=True)

    every_seconds: NonNegativeFloat = Field(
        1.0, description="How often the file of the supergraph is looked at; 0: only when SIGHUP says so."
    )


class Retries(BaseModel):
    model_config = ConfigDict(frozen=True)

    most: NonNegativeInt = Field(
        1, description="How often a query is sent again to a subgraph that was not reached; 0: never."
    )
    share: Share = Field(0.1, description="Which share of the queries to a subgraph may be sent again.")
    a_second: NonNegativeFloat = Field(1.0, description="How many queries a second may be sent again beyond that.")
    pause_seconds: PositiveFloat = Field(
        0.05, description="The longest pause before a query is sent again; it doubles with each time."
    )


class Breaker(BaseModel):
    model_config = ConfigDict(frozen=True)

    share: Share = Field(
        0.5, description="The share of requests that do not reach a subgraph which has it left alone; 0: it never is."
    )
    requests: PositiveInt = Field(20, description="How many requests there must have been for that.")
    window_seconds: PositiveFloat = Field(10.0, description="Within how long.")
    open_seconds: PositiveFloat = Field(
        2.0, description="How long a subgraph is left alone before one request tries it."
    )


class Caps(BaseModel):
    model_config = ConfigDict(frozen=True)

    running: NonNegativeInt = Field(
        200, description="How many requests a subgraph is given at a time, without subscriptions; 0: any number."
    )
    running_by_name: dict[str, NonNegativeInt] = Field({}, description="The same for single subgraphs, by name.")
    waiting: NonNegativeInt = Field(1_000, description="How many more may wait for one of them to end.")
    wait_seconds: PositiveFloat = Field(1.0, description="How long they may.")

    def running_of(self, subgraph: str) -> int:
        return self.running_by_name.get(subgraph, self.running)


class Sharing(BaseModel):
    model_config = ConfigDict(frozen=True)

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
    model_config = ConfigDict(frozen=True)

    forward: tuple[HeaderName, ...] | None = Field(
        None,
        description="The headers of clients that it is given, * for any characters; without it, the same as others.",
    )
    remove: tuple[HeaderName, ...] = Field((), description="Those of them that it is not given.")
    rename: dict[HeaderName, HeaderName] = Field({}, description="Other names for some.")
    insert: dict[HeaderName, SecretStr] = Field({}, description="Headers that it is always given.")


class Traffic(BaseModel):
    model_config = ConfigDict(frozen=True)

    headers: dict[str, HeaderRules] = Field(
        {}, description="Rules for the headers of single subgraphs, by name: forward, remove, rename, insert."
    )

    retries: Retries = Retries()
    breaker: Breaker = Breaker()
    caps: Caps = Caps()
    sharing: Sharing = Sharing()


class SharedSubscriptions(BaseModel):
    model_config = ConfigDict(frozen=True)

    shared: bool = Field(
        True, description="Whether equal subscriptions under the same credentials are one to subgraphs."
    )
    most_behind: PositiveInt = Field(
        256, description="How many events a listener may be behind the fastest of those it shares a subscription with."
    )


def a_path(path: str) -> str:
    """Raises ValueError for what is no path, and for one that ends with a slash but `/` itself."""
    if not path.startswith("/") or (path.endswith("/") and path != "/") or not path.isprintable():
        raise ValueError(f"{path!r} is no path such as /graphql")
    return path


def below_the_root(path: str) -> str:
    """Raises ValueError for `/`, where a page may be."""
    if path == "/":
        raise ValueError("the API has a path of its own, such as /graphql")
    return path


class RouterSettings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HOSPITAL_ROUTER_", env_nested_delimiter="__", frozen=True, populate_by_name=True
    )

    path: Annotated[str, AfterValidator(a_path), AfterValidator(below_the_root)] = Field(
        "/graphql", description="Where the API and GraphiQL are."
    )
    limits: Limits = Limits()
    sockets: SocketTimes = SocketTimes()
    authorization: Authorization = Authorization()
    persisted: Persisted = Persisted()
    overrides: Overrides = Overrides()
    reload: ReloadTimes = ReloadTimes()
    traffic: Traffic = Traffic()
    streams: StreamTimes = StreamTimes()
    subscriptions: SharedSubscriptions = SharedSubscriptions()
    head_seconds: PositiveFloat = Field(
        10.0,
        description="How long a client may take to send the headers of a request, the first from when it connects.",
    )
    body_seconds: PositiveFloat = Field(10.0, description="How long a client may take to send a body.")
    drain_seconds: PositiveInt = Field(10, description="How long a router that stops waits for what it is doing.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that a router on its own logs: debug tells of each request."
    )
    plan_cache_size: PositiveInt = Field(1_000, description="How many operations are kept ready to run.")
    plan_cache_characters: PositiveInt = Field(
        1_000_000, description="How long the documents of the operations that are kept may be in all."
    )
    introspection: bool = Field(True, description="Whether clients may ask for the schema.")
    graphiql: bool = Field(True, description="Whether browsers are shown GraphiQL.")
    graphiql_tabs: DirectoryPath | None = Field(None, description="A folder of operations that GraphiQL opens with.")

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), validation_alias="HOSPITAL_ALLOWED_ORIGINS", description="Other origins whose pages may use the API."
    )
    forwarded_headers: tuple[HeaderName, ...] = Field(
        ("authorization", "traceparent", "x-request-id"), description="The headers of clients that subgraphs are given."
    )

    jwks_url: str | None = Field(
        None, description="Where the keys of access tokens are; without it, they are only passed on."
    )
    issuer: str | None = Field(None, description="The issuer that access tokens must name.")
    audience: str | None = Field(None, description="The audience that access tokens must name.")
    token_algorithms: tuple[Literal["EdDSA", "Ed25519", "ES256", "RS256"], ...] = Field(
        ("EdDSA", "ES256"), description="The signatures that are accepted."
    )
    token_types: tuple[Literal["at+jwt", "JWT"], ...] = Field(
        ("at+jwt",),
        description="What a token may say it is. JWT is for issuers that do not tell access tokens from others: then"
        " the audience alone does.",
    )

    subgraph_urls: dict[str, str] = Field({}, description="Addresses of subgraphs other than the supergraph names.")
    subgraph_seconds: PositiveFloat = Field(
        5.0, description="How long a subgraph may take for a query, or to take up a subscription."
    )
    subgraph_seconds_by_name: dict[str, PositiveFloat] = Field(
        {}, description="The same for single subgraphs, by name."
    )
    mutation_seconds: PositiveFloat = Field(30.0, description="How long a subgraph may take for a mutation.")
    shown_extensions: tuple[str, ...] = Field(
        SHOWN_EXTENSIONS, description="The extensions of subgraphs' errors that clients are shown."
    )
    connections: Connections = Connections()
    subgraph_reply_bytes: PositiveInt = Field(
        2_000_000,
        description="The largest reply of a subgraph. To read one of 2 MB can take 50 ms, in which all else waits.",
    )

    callers: FilePath | None = Field(
        None,
        validation_alias="HOSPITAL_CALLERS",
        description="The file with the keys of callers; with it, requests to subgraphs are signed as the router's.",
    )

    trusted_proxies: tuple[str, ...] = Field((), description="Addresses whose X-Forwarded headers are believed.")
    passthrough: dict[Annotated[str, AfterValidator(a_path)], str] = Field(
        {}, description="Paths that are passed on, each with the address of its component."
    )
    passthrough_seconds: PositiveFloat = Field(
        30.0, description="How long a component that paths are passed on to may take."
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def split_at_commas(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())

    @field_validator("allowed_origins")
    @classmethod
    def are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
                raise ValueError(f"{origin!r} is no origin such as https://dashboard.example")
        return value

    @cached_property
    def taken_headers(self) -> tuple[str, ...]:
        """The headers of clients that some subgraph is given, as names and patterns."""
        ruled = (name for rules in self.traffic.headers.values() for name in rules.forward or ())
        return tuple(dict.fromkeys((*self.forwarded_headers, *ruled)))

    def seconds_of(self, subgraph: str) -> float:
        return self.subgraph_seconds_by_name.get(subgraph, self.subgraph_seconds)
