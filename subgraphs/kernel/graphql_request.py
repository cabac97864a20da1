"""A GraphQL request as it comes over HTTP or a socket, looked at before anything is made of it."""

from dataclasses import dataclass
from typing import Any


class BadRequest(Exception):
    """It is no GraphQL request; the message says why."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any]
    operation_name: str | None

    @classmethod
    def of(cls, fields: Any) -> "GraphQLRequest":
        """From what the JSON holds. Raises BadRequest."""
        if not isinstance(fields, dict) or not isinstance(fields.get("query"), str):
            raise BadRequest("Expected a JSON object with a `query`, which is a text.")
        variables, operation_name = fields.get("variables"), fields.get("operationName")
        if not isinstance(variables, dict | None):
            raise BadRequest("`variables` is an object, or null.")
        if not isinstance(operation_name, str | None):
            raise BadRequest("`operationName` is a text, or null.")
        return cls(fields["query"], variables or {}, operation_name)
