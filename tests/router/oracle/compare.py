"""Whether the router's response is that of the whole schema.

`data` must be equal, down to the order of keys.

Errors are compared by the nulls they stand for: each error belongs to the outermost null on its path. Every null that
has an error must have one from the router, and no other null may. Where several errors lead to one null, one of them
is enough: which of them are met depends on what runs first.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Path = tuple[str | int, ...]
NOWHERE = "(not in the data)"


def differences(expected: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    left, right = (json.dumps(response.get("data")) for response in (expected, given))
    if left != right:
        return [f"data: expected {left}\n      given    {right}"]
    return error_differences(expected, given)


def error_differences(expected: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    data = expected.get("data")
    wanted, got = by_null(data, paths_of(expected)), by_null(data, paths_of(given))
    missing = [f"no error for the null at {list(at)}" for at in wanted.keys() - got.keys()]
    added = [f"an error at {list(path)} too many" for at in got.keys() - wanted.keys() for path in got[at]]
    return sorted(missing + added)


def paths_of(response: Mapping[str, Any]) -> list[Path]:
    return [tuple(error.get("path") or ()) for error in response.get("errors") or ()]


def by_null(data: Any, paths: Iterable[Path]) -> dict[Path, list[Path]]:
    found: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        found[null_of(data, path)].append(path)
    return dict(found)


def null_of(data: Any, path: Path) -> Path:
    """Where the path meets its first null; the whole path where there is none."""
    for length, part in enumerate(path):
        if data is None:
            return path[:length]
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return (*path, NOWHERE)
    return path if data is None else (*path, "(no null)")
