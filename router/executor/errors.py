"""Errors of subgraphs, with paths that mean something to the client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.errors import ErrorCode, logged

Error = dict[str, Any]
ResponsePath = tuple[str | int, ...]

INTERNAL = {"code": ErrorCode.INTERNAL_SERVER_ERROR.value}


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """What stands for the answer that a subgraph owes: why there is none, and what only the log may know of it.

    One that `passes` may be there when it is asked again.
    """

    reason: str
    cause: str | None = None
    passes: bool = False


def entries_of(reply: Mapping[str, Any], shown: frozenset[str]) -> Iterator[Error]:
    """The error entries of a reply, whatever it put in their place, with those of its extensions that are shown."""
    errors = reply.get("errors")
    if errors is None or errors == []:
        return
    for error in errors if isinstance(errors, list) else [errors]:
        known = error if isinstance(error, Mapping) else {}
        yield {
            "extensions": _shown(known, shown),
            "message": str(known.get("message", "The subgraph gave an error of no known form.")),
        }


def _shown(error: Mapping[str, Any], shown: frozenset[str]) -> Mapping[str, Any]:
    extensions = error.get("extensions")
    given = extensions if isinstance(extensions, Mapping) else {}
    return INTERNAL | {name: value for name, value in given.items() if name in shown}


def path_of(error: object) -> ResponsePath:
    path = error.get("path") if isinstance(error, Mapping) else None
    if not isinstance(path, list | tuple):
        return ()
    return tuple(part for part in path if isinstance(part, str | int))


def raw_entries(reply: Mapping[str, Any]) -> list[Any]:
    errors = reply.get("errors")
    return errors if isinstance(errors, list) else [] if errors is None else [errors]


def placed(error: Error, path: ResponsePath) -> Error:
    return {"message": error["message"], **({"path": list(path)} if path else {}), "extensions": error["extensions"]}


def owed(subgraph: str, why: NoAnswer) -> Error:
    """The error of each field that the subgraph does not answer."""
    extensions = logged("a subgraph owes its answer", subgraph=subgraph, reason=why.reason, cause=why.cause)
    extensions |= {"reason": "TRY_AGAIN"} if why.passes else {}
    return {"message": f"Subgraph {subgraph}: {why.reason}", "extensions": extensions}


def left_out(count: int) -> Error:
    return {"message": f"{count} more errors are left out.", "extensions": INTERNAL}
