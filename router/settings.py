"""Everything about the router that an operator may choose, read once from the environment."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from router.errors import SHOWN_EXTENSIONS


class Limits(BaseModel):
    """What is refused at the door; each may be raised by HOSPITAL_ROUTER_LIMITS__NAME."""

    model_config = ConfigDict(frozen=True)

    body_bytes: PositiveInt = Field(1_000_000, description="The largest body of a request.")
    json_depth: PositiveInt = Field(32, description="How deeply the JSON of a request may be nested.")
    json_values: PositiveInt = Field(5_000, description="How many values the JSON of a request may have.")

    document_characters: PositiveInt = Field(64_000, description="The longest document.")
    tokens: PositiveInt = Field(2_000, description="How many tokens a document may have.")
    definitions: PositiveInt = Field(100, description="How many operations and fragments a document may have.")

    depth: PositiveInt = Field(10, description="How many levels of fields an operation may ask for.")
    aliases: PositiveInt = Field(15, description="How many aliases an operation may use.")
    directives: PositiveInt = Field(50, description="How many directives an operation may use.")
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

    socket_message_bytes: PositiveInt = Field(256_000, description="The largest message of a client over a WebSocket.")
    socket_operations: PositiveInt = Field(50, description="How many operations may run on one WebSocket at a time.")


class SocketTimes(BaseModel):
    model_config = ConfigDict(frozen=True)

    init_seconds: PositiveFloat = Field(5.0, description="How long a WebSocket may stay open before it is initialised.")
    send_seconds: PositiveFloat = Field(
        30.0, description="How long a client may take to read a message before its WebSocket is closed."
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
    body_seconds: PositiveFloat = Field(10.0, description="How long a client may take to send a body.")
    drain_seconds: PositiveInt = Field(10, description="How long a router that stops waits for what it is doing.")
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
    forwarded_headers: tuple[str, ...] = Field(
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
    subgraph_reply_bytes: PositiveInt = Field(16_000_000, description="The largest reply of a subgraph.")

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

    def seconds_of(self, subgraph: str) -> float:
        return self.subgraph_seconds_by_name.get(subgraph, self.subgraph_seconds)
