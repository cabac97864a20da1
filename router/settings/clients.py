"""What clients are given: times, streams, operations by their names, and what of them is withheld."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, PositiveFloat, PositiveInt, model_validator


class SocketTimes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    init_seconds: PositiveFloat = Field(5.0, description="How long a WebSocket may stay open before it is initialised.")
    send_seconds: PositiveFloat = Field(
        30.0, description="How long a client may take to read a message before its connection is closed."
    )


class StreamTimes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    heartbeat_seconds: PositiveFloat = Field(
        5.0, description="How often a subscription over HTTP shows that it goes on."
    )


class Authorization(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    reject_unauthorized: bool = Field(
        False, description="Whether an operation with a field that the caller may not see is refused whole."
    )
    policy_claim: str | None = Field(
        None,
        min_length=1,
        description="The claim of an access token that lists the policies (@policy) that hold for its caller, as a list"
        " or as words in one string. Without it, tokens grant none.",
    )


class Persisted(BaseModel):
    """Operations that clients name instead of sending them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        description="What becomes of operations that are not on the list: nothing (off: the list says what may be"
        " named by its id), a line in the log (log), a refusal (only); with ids_only, those on the list must be named"
        " by their id.",
    )

    @model_validator(mode="after")
    def has_its_list(self) -> Self:
        if self.safe_list_mode != "off" and self.safe_list is None:
            raise ValueError("a safe list's mode needs a safe list")
        return self


class SharedSubscriptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: bool = Field(
        True, description="Whether equal subscriptions under the same credentials are one to subgraphs."
    )
    most_behind: PositiveInt = Field(
        256, description="How many events a listener may be behind the fastest of those it shares a subscription with."
    )
