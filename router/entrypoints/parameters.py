"""The parameters of a GraphQL request, from whatever JSON a client sent."""

from collections.abc import Mapping
from typing import Any

import orjson

from router.errors import RequestRefused, refused
from router.pipeline import GraphQLRequest
from router.settings import Limits

JSON_CONTAINERS = (dict, list)
LONGEST_ID = 256


def decode_json(text: bytes, limits: Limits) -> Any:
    # Decoding makes an object of each bracket, and 300,000 of them keep the garbage collector busy for 150 ms.
    if text.count(b"[") + text.count(b"{") > 2 * limits.json_values:
        raise too_many_values(limits)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise refused("What was sent is not JSON, or nested too deeply.") from None
    if isinstance(value, JSON_CONTAINERS):
        refuse_too_much(value, limits)
    return value


def refuse_too_much(root: Any, limits: Limits) -> None:
    """Level by level, so that neither depth nor width costs more than its size."""
    level, seen = [root], 0
    for _ in range(limits.json_depth):
        children = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
        seen += len(children)
        if seen > limits.json_values:
            raise too_many_values(limits)
        level = [child for child in children if isinstance(child, JSON_CONTAINERS)]
        if not level:
            return
    raise refused(f"What was sent is nested more than {limits.json_depth} levels deep.")


def too_many_values(limits: Limits) -> RequestRefused:
    return refused(
        f"What was sent has more than {limits.json_values} values, or more than twice as many brackets. Send less."
    )


def graphql_request(parameters: Any) -> GraphQLRequest:
    if isinstance(parameters, list):
        raise refused("Batching is off: send one request at a time, as a JSON object.")
    if not isinstance(parameters, dict):
        raise refused("Send a JSON object with 'query', and with 'variables' and 'operationName' where needed.")
    query, name = parameters.get("query"), parameters.get("operationName")
    document_id = named_document(parameters)
    if query is None and document_id is not None:
        query = ""
    if not isinstance(query, str):
        raise refused("'query' is missing or not a string.")
    if not isinstance(name, str | None):
        raise refused("'operationName' is not a string.")
    return GraphQLRequest(query, name or None, object_or_null(parameters, "variables"), document_id)


def named_document(parameters: Mapping[str, Any]) -> str | None:
    """By `documentId`, or by the hash of Apollo's `persistedQuery`."""
    persisted = object_or_null(object_or_null(parameters, "extensions"), "persistedQuery")
    if persisted and persisted.get("version") != 1:
        raise refused("'persistedQuery' is of a version other than 1.")
    found = persisted.get("sha256Hash") if persisted else parameters.get("documentId")
    if found is None and not persisted:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise refused(f"The id of a document is a string of 1 to {LONGEST_ID} characters.")
    return found.removeprefix("sha256:")


def object_or_null(parameters: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused(f"'{name}' is not an object.")
    return value
