"""Errors of subgraphs, with paths that mean something to the client."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from router.planner.naming import RESERVED

Error = dict[str, Any]
ResponsePath = tuple[str | int, ...]

MOST_LOST = 100


def entries_of(reply: Mapping[str, Any]) -> Iterator[Error]:
    """The error entries of a reply, whatever it put in their place."""
    errors = reply.get("errors")
    if errors is None or errors == []:
        return
    for error in errors if isinstance(errors, list) else [errors]:
        known = error if isinstance(error, Mapping) else {}
        yield {**_kept(known), "message": str(known.get("message", "The subgraph gave an error of no known form."))}


def _kept(error: Mapping[str, Any]) -> Error:
    extensions = error.get("extensions")
    return {"extensions": extensions} if isinstance(extensions, Mapping) else {}


def path_of(error: object) -> ResponsePath:
    path = error.get("path") if isinstance(error, Mapping) else None
    if not isinstance(path, list | tuple):
        return ()
    return tuple(part for part in path if isinstance(part, str | int))


def raw_entries(reply: Mapping[str, Any]) -> list[Any]:
    errors = reply.get("errors")
    return errors if isinstance(errors, list) else [] if errors is None else [errors]


def placed(error: Error, path: Iterable[str | int]) -> Error:
    own = [client_key(part) for part in path]
    return {"message": error["message"], **({"path": own} if own else {}), **_kept(error)}


def lost(subgraph: str, reason: str, paths: Iterable[ResponsePath]) -> Iterator[Error]:
    """One error for each field that a subgraph owes, as far as that stays readable."""
    error = {"message": f"Subgraph {subgraph}: {reason}", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    for _, path in zip(range(MOST_LOST), paths, strict=False):
        yield placed(error, path)


def client_key(part: str | int) -> str | int:
    """The client's name for a key that planning had moved aside."""
    own = f"{RESERVED}c_"
    return part[len(own) :] if isinstance(part, str) and part.startswith(own) else part
