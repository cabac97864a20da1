"""What is kept of texts to sort and to search by, made anew: a step of the revision after a change of `normalise`."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy import Connection, TableClause

from subgraphs.kernel.search import sort_key, words

_LOT = 1000


def refold(operations: Operations, table: str, text: str, key: str, words_table: str = "", owner: str = "") -> None:
    """Makes the column `key` of the column `text` anew where it is another now, and the row's words in `words_table`,
    whose column `owner` has its id. Safe to repeat: the key is written last.
    """
    connection = operations.get_bind()
    rows = sa.table(table, sa.column("id"), sa.column(text), sa.column(key))
    for id, new in _changed(connection, rows, text, key):
        if words_table:
            _replace_words(connection, sa.table(words_table, sa.column("word"), sa.column(owner)), owner, id, new)
        connection.execute(sa.update(rows).where(rows.c.id == id).values({key: sort_key(new)}))


def _changed(connection: Connection, rows: TableClause, text: str, key: str) -> Iterator[tuple[str, str]]:
    """The id and the text of each."""
    after = ""
    while lot := connection.execute(sa.select(rows).where(rows.c.id > after).order_by(rows.c.id).limit(_LOT)).all():
        yield from ((row.id, getattr(row, text)) for row in lot if sort_key(getattr(row, text)) != getattr(row, key))
        after = lot[-1].id


def _replace_words(connection: Connection, kept: TableClause, owner: str, id: str, text: str) -> None:
    connection.execute(sa.delete(kept).where(kept.c[owner] == id))
    if found := words(text):
        connection.execute(sa.insert(kept), [{"word": word, owner: id} for word in found])
