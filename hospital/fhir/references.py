"""Who is meant by a reference: by id, by `urn:uuid:`, by URL, or by an identifier, as bulk exports have them.

The index lies in a private SQLite file that vanishes with the process, so that its size is not bounded by memory.
"""

import sqlite3
from collections.abc import Iterator
from urllib.parse import unquote

from hospital.fhir.elements import Identifier, Reference, Resource, Unreadable


class Index:
    """From what a resource may be called by to what is known of it: its id in the hospital."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # an unnamed file, not memory
        self._database.execute("CREATE TABLE names (name TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID")
        self._database.execute("CREATE TABLE ambiguous (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, kind: str, resource: Resource, id: str) -> None:
        for name in names_of(kind, resource):
            self.add_name(name, id)

    def add_name(self, name: str, id: str) -> None:
        self._database.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, id))
        if self.get(name) != id:
            self._database.execute("INSERT OR IGNORE INTO ambiguous VALUES (?)", (name,))

    def find(self, kind: str, reference: Reference, field: str) -> str:
        """The hospital's id of whom `reference` means. Raises Unreadable where that is nobody, or more than one."""
        names = names_meant(kind, reference, field)
        for name in names:
            if self._is_ambiguous(name):
                raise Unreadable(f"{field}: {name} is more than one {kind}")
            if id := self.get(name):
                return id
        raise Unreadable(f"{field}: no {names[0]} was taken")

    def get(self, name: str) -> str | None:
        """What was added first under exactly that name."""
        row = self._database.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        self._database.close()

    def _is_ambiguous(self, name: str) -> bool:
        return self._database.execute("SELECT 1 FROM ambiguous WHERE name = ?", (name,)).fetchone() is not None


def by_id(kind: str, id: str) -> str:
    return f"{kind}/{id}"


def names_of(kind: str, resource: Resource) -> Iterator[str]:
    """All that a reference may call the resource."""
    yield by_id(kind, resource.id)
    for identifier in resource.identifier:
        if identifier.value:
            yield _by_identifier(kind, f"{identifier.system or ''}|{identifier.value}")
            yield _by_identifier(kind, identifier.value)


def names_meant(kind: str, reference: Reference, field: str) -> list[str]:
    """What the reference calls the resource, one at least. Raises Unreadable where it names none of that kind."""
    names = [_by_reference(kind, reference.reference, field)] if reference.reference else []
    if reference.identifier and reference.identifier.value:
        names.append(_by_identifier(kind, _token(reference.identifier)))
    if not names:
        raise Unreadable(f"{field}: neither a reference nor an identifier")
    return names


def _by_reference(kind: str, text: str, field: str) -> str:
    if text.startswith("#"):
        raise Unreadable(f"{field}: {text[:80]} is inside the resource itself, which is not taken")
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return by_id(kind, text.split(":", 2)[2])
    path, _, query = text.partition("?")
    steps = path.split("/_history/")[0].rstrip("/").split("/")
    found_kind, id = (steps[-1], "") if query else ("".join(steps[-2:-1]), steps[-1])
    if found_kind != kind:
        raise Unreadable(f"{field}: expected a {kind}, not {text[:120]}")
    return _by_identifier(kind, _searched_identifier(query, field)) if query else by_id(kind, id)


def _searched_identifier(query: str, field: str) -> str:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "identifier" and value:
            return unquote(value)
    raise Unreadable(f"{field}: a search by {query[:80]} cannot be followed, only one by identifier")


def _token(identifier: Identifier) -> str:
    return f"{identifier.system}|{identifier.value}" if identifier.system else str(identifier.value)


def _by_identifier(kind: str, token: str) -> str:
    return f"{kind}?identifier={token}"
