"""What stands in all databases of a hospital, as digests: to see that nothing was written that should not be."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson

BOOKKEEPING = frozenset(
    {
        *("inbox", "positions", "dead_letters", "sqlite_sequence", "chain_marks", "audit_events", "signing_keys"),
        "icd10cm_codes",
    }
)
"""How far consumers have read, and what they write behind everything else: each has a row in an outbox first.

And a list that no request writes, too long to be looked at each time.
"""

BEHIND = frozenset(
    {
        "mailbox.mails",
        *("notifications.notifications", "notifications.reminders", "notifications.waiting_facts"),
        *("notifications.patient_copies", "notifications.appointment_copies", "billing.appointment_copies"),
        "records.treating",
    }
)
"""The same by database, where others have tables of that name whose events are handed over."""

_DENIALS = "WHERE type != 'access.denied'"
"""What a refusal may leave in an outbox."""


@dataclass
class Facts:
    """The databases in a folder; what does not change is not read again."""

    folder: Path
    _connections: dict[str, sqlite3.Connection] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def digests(self) -> dict[str, str]:
        """One for each table of facts, by `database.table`."""
        found: dict[str, str] = {}
        for path in sorted(self.folder.glob("*.db")):
            if path.stem not in self._connections:
                self._connections[path.stem] = sqlite3.connect(path, isolation_level=None)
            found |= self._of(path.stem, self._connections[path.stem])
        return found

    def _of(self, name: str, connection: sqlite3.Connection) -> dict[str, str]:
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if self._versions.get(name) != version:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            facts = sorted(table for table in tables if table not in BOOKKEEPING and f"{name}.{table}" not in BEHIND)
            self._known[name] = {
                f"{name}.{table}": _digest(connection, table) for table in facts if f"{name}.{table}" not in BEHIND
            }
            self._versions[name] = version
        return self._known[name]

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()


def _digest(connection: sqlite3.Connection, table: str) -> str:
    where, columns = (_DENIALS, "event_id, body, published_at") if table == "outbox" else ("", "*")
    statement = f'SELECT {columns} FROM "{table}" {where}'  # noqa: S608  # names of our own tables
    with closing(connection.execute(statement)) as rows:
        lines = sorted(orjson.dumps(row, default=repr) for row in rows)
    return f"{len(lines)} rows {hashlib.sha256(b'|'.join(lines)).hexdigest()[:16]}"


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}
