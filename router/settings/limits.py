"""How much a client may send, ask for, and keep open."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt


class Limits(BaseModel):
    """What is refused at the door; each may be raised by HOSPITAL_ROUTER_LIMITS__NAME."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        100,
        description="What a page counts as if its size is neither given nor declared; a list without pages is one.",
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


class Planning(BaseModel):
    """Operations that are not kept are planned one after the other; who comes in vain is told to come again (503)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waiting: NonNegativeInt = Field(500, description="How many operations may wait while another is planned.")
    wait_seconds: PositiveFloat = Field(5.0, description="How long a request may wait until its operation is planned.")
