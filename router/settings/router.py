"""All settings of the router by group, read once from the environment."""

from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, DirectoryPath, Field, FilePath, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from router.errors import SHOWN_EXTENSIONS
from router.settings.clients import Authorization, Persisted, SharedSubscriptions, SocketTimes, StreamTimes
from router.settings.headers import HeaderName
from router.settings.limits import Limits, Planning
from router.settings.supergraphs import Overrides, ReloadTimes
from router.settings.traffic import Connections, Traffic


def a_path(path: str) -> str:
    """Raises ValueError for what is no path, and for one that ends with a slash but `/` itself."""
    if not path.startswith("/") or (path.endswith("/") and path != "/") or not path.isprintable():
        raise ValueError(f"{path!r} is no path such as /graphql")
    return path


def an_address(url: str) -> str:
    """Raises ValueError for what nothing can be asked at."""
    parts = urlsplit(url)
    whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not whole or not url.isprintable() or " " in url:
        raise ValueError(f"{url!r} is no address such as http://127.0.0.1:4001/graphql")
    return url


Address = Annotated[str, AfterValidator(an_address)]


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
    planning: Planning = Planning()
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
    keep_alive_seconds: PositiveFloat = Field(
        75.0,
        description="How long a connection is kept over which nothing is asked. Longer than proxies before it keep"
        " theirs, 60 s most often: they would send a request into one that is just closed.",
    )
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

    jwks_url: Address | None = Field(
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

    subgraph_urls: dict[str, Address] = Field({}, description="Addresses of subgraphs other than the supergraph names.")
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
        description="The largest reply of a subgraph; of each 20 bytes that it may have, one may begin an object or a"
        " list. To parse one of 2 MB takes up to 25 ms, in which all else waits.",
    )

    callers: FilePath | None = Field(
        None,
        validation_alias="HOSPITAL_CALLERS",
        description="The file with the keys of callers; with it, requests to subgraphs are signed as the router's.",
    )

    trusted_proxies: tuple[str, ...] = Field((), description="Addresses whose X-Forwarded headers are believed.")
    passthrough: dict[Annotated[str, AfterValidator(a_path)], Address] = Field(
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

    def named_subgraphs(self) -> set[str]:
        """Those for which something is set apart."""
        rules = self.traffic
        by_name = (self.subgraph_urls, self.subgraph_seconds_by_name, rules.headers)
        return {name for each in (*by_name, rules.caps.running_by_name, rules.events.protocol_by_name) for name in each}

    def seconds_of(self, subgraph: str) -> float:
        return self.subgraph_seconds_by_name.get(subgraph, self.subgraph_seconds)
