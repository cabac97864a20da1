"""What SQL was compiled for one database is taken for all of its kind: tests have engines of their own, each of which
would compile it again, in a quarter of their time.
"""

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.util import LRUCache

_COMPILED: LRUCache[object, object] = LRUCache(10_000)


class _Alike(Dialect):
    """Equal to all of its class, as the databases of tests are."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)


class SqliteFile(_Alike, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class MysqlServer(_Alike, MySQLDialect_asyncmy):
    supports_statement_cache = True


def share_compiled() -> None:
    registry.register("sqlite.aiosqlite", __name__, SqliteFile.__name__)
    registry.register("mysql.asyncmy", __name__, MysqlServer.__name__)
