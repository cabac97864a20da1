"""The library's subgraphs: executed once for each body, answered from memory ever after."""

from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLSchema, build_schema, graphql_sync

from tests.bench.router.data import ENTITIES, ROOTS

LIBRARY = Path(__file__).with_name("library")
NAMES = sorted(path.stem for path in LIBRARY.glob("*.graphql"))


class RecordedSubgraphs:
    """`asked` counts the requests, `executed` those whose answer was not yet known."""

    def __init__(self) -> None:
        self.asked, self.executed = 0, 0
        self._schemas = {name: _schema(name) for name in NAMES}
        self._answers: dict[tuple[bytes, bytes], bytes] = {}

    def answer(self, path: bytes, body: bytes) -> bytes:
        self.asked += 1
        found = self._answers.get((path, body))
        if found is None:
            self.executed += 1
            found = self._answers[path, body] = self._execute(path.decode().lstrip("/"), orjson.loads(body))
        return found

    def _execute(self, name: str, request: dict[str, Any]) -> bytes:
        result = graphql_sync(
            self._schemas[name],
            request["query"],
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
        )
        return orjson.dumps(result.formatted)


def _schema(name: str) -> GraphQLSchema:
    """The subgraph's own with what federation adds to one."""
    known = " | ".join(ENTITIES[name])
    added = (
        f"scalar _Any union _Entity = {known} extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! }}"
    )
    text = (LIBRARY / f"{name}.graphql").read_text()
    schema = build_schema(f"{text} {added}", assume_valid=True, assume_valid_sdl=True)
    assert schema.query_type is not None
    fields = schema.query_type.fields
    for field, resolve in ROOTS[name].items():
        fields[field].resolve = resolve
    fields["_entities"].resolve = lambda *_, representations: [_entity(name, known) for known in representations]
    return schema


def _entity(name: str, known: dict[str, Any]) -> dict[str, Any] | None:
    found = ENTITIES[name][known["__typename"]](known)
    return None if found is None else {"__typename": known["__typename"], **found}
