"""How a supergraph changes: moved fields, and a file that is read anew."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat


class Overrides(BaseModel):
    """Progressive overrides, by which fields move from one subgraph to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = Field((), description="The labels that hold for every request, besides percent(…).")
    draw: Literal["request", "caller"] = Field(
        "request",
        description="Whether percent(…) is drawn for each request, or is the same for all requests of a caller who"
        " is known.",
    )


class ReloadTimes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    every_seconds: NonNegativeFloat = Field(
        1.0, description="How often the file of the supergraph is looked at; 0: only when SIGHUP says so."
    )
