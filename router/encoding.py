"""Responses as JSON, also when a subgraph put something into one that JSON cannot carry to a client."""

from collections.abc import Mapping
from typing import Any

import orjson

from router.errors import logged

UNWRITABLE = "A subgraph gave something that cannot be passed on."


def encoded(message: Mapping[str, Any]) -> bytes:
    """A response, or a message whose `payload` is one. A root field that cannot be written is null, and an error."""
    try:
        return orjson.dumps(message)
    except TypeError:
        if "payload" in message:
            return orjson.dumps({**message, "payload": writable(message["payload"])})
        return orjson.dumps(writable(message))


def writable(response: Mapping[str, Any]) -> dict[str, Any]:
    data, errors = response.get("data") or {}, response.get("errors") or []
    lost = [key for key, value in data.items() if not is_writable(value)]
    said = [
        error
        if is_writable(error)
        else {"message": UNWRITABLE, "extensions": logged("a subgraph's answer cannot be written as JSON")}
        for error in errors
    ]
    said += [
        {"message": UNWRITABLE, "path": [key], "extensions": logged("a subgraph's answer cannot be written as JSON")}
        for key in lost
    ]
    return {**response, "data": {**data, **dict.fromkeys(lost)} if data else None, "errors": said}


def is_writable(value: Any) -> bool:
    """Also below the few levels of what it is written in: JSON of more than 254 levels is not."""
    try:
        orjson.dumps([[[[value]]]])
        return True
    except TypeError:
        return False
