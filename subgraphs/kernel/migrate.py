"""Alembic without a config file: the kernel's and then the domain's `migrations/versions`, run on its database.

An owner of tables is named as a domain is (`doctors`), or where it is no subgraph by its package (`hospital.mailbox`).

DDL does not roll back on MySQL, so the steps of a revision look before they make: one cut short is simply run again.
`python -m subgraphs.kernel.migrate DOMAIN MESSAGE` writes the next revision from the domain's tables.
"""

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.config import Config
from alembic.operations import Operations, ops
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine

from subgraphs.kernel.database import Database
from subgraphs.kernel.revisions import migrations_of, package_of, version_table

_REVISION = '''"""{message}"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_index, ensure_table

revision = "{revision}"
down_revision = {previous!r}


def upgrade() -> None:
{body}
'''


async def migrate(database: Database, domain: str) -> None:
    """Brings the domain's database to the newest revision; safe to repeat."""
    await upgrade(database, "kernel", domain)


async def upgrade(database: Database, *owners: str) -> None:
    """Brings what these own in the database to the newest revision; safe to repeat."""
    async with database.engine.connect() as connection:
        for owner in owners:
            await connection.run_sync(_upgrade, owner)
        await connection.commit()


def differences(connection: Connection, owner: str) -> list[Any]:
    """What is still to change to make a migrated database equal the tables of `owner`, a domain or the kernel."""
    return list(compare_metadata(_comparing(connection, owner), _metadata(owner)))


def ensure_table(operations: Operations, name: str, *parts: Any, **options: Any) -> None:
    """Makes the table unless it is there."""
    operations.create_table(name, *parts, if_not_exists=True, **options)


def ensure_column(operations: Operations, table: str, column: sqlalchemy.Column[Any]) -> None:
    """Adds the column unless it is there."""
    known = sqlalchemy.inspect(operations.get_bind()).get_columns(table)
    if column.name not in {each["name"] for each in known}:
        operations.add_column(table, column)


def ensure_index(operations: Operations, name: str, table: str, columns: list[str], **options: Any) -> None:
    """Makes the index unless it is there."""
    known = sqlalchemy.inspect(operations.get_bind()).get_indexes(table)
    if name not in {index["name"] for index in known}:
        operations.create_index(name, table, columns, **options)


def _metadata(owner: str) -> MetaData:
    metadata: MetaData = importlib.import_module(f"{package_of(owner)}.tables").METADATA
    return metadata


def _comparing(connection: Connection, owner: str) -> MigrationContext:
    tables = set(_metadata(owner).tables)

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        return kind != "table" or name in tables

    options = {
        "compare_type": False,
        "version_table": version_table(owner),
        "include_object": is_ours,
        "user_module_prefix": "columns.",
    }
    return MigrationContext.configure(connection, opts=options)


def _scripts(owner: str) -> ScriptDirectory:
    return ScriptDirectory(str(migrations_of(owner)))


def _upgrade(connection: Connection, owner: str, to: str = "head") -> None:
    scripts = _scripts(owner)

    def steps(revision: Any, context: MigrationContext) -> Any:
        return scripts._upgrade_revs(to, revision)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection, version_table=version_table(owner), transactional_ddl=False)
        environment.run_migrations()


def _write_revision(owner: str, message: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        _upgrade(connection, owner)
        upgrade = produce_migrations(_comparing(connection, owner), _metadata(owner)).upgrade_ops
        if upgrade is not None:
            _save(owner, message, upgrade, _comparing(connection, owner))


def _save(owner: str, message: str, upgrade: ops.UpgradeOps, context: MigrationContext) -> None:
    scripts = _scripts(owner)
    number = f"{len(list(scripts.walk_revisions())) + 1:04d}"
    code = render_python_code(upgrade, migration_context=context, user_module_prefix="columns.")
    lines = [line for line in code.splitlines() if "auto generated" not in line and "end Alembic" not in line]
    body = (
        "\n".join(lines)
        .replace("op.create_table(", "ensure_table(op, ")
        .replace("op.create_index(", "ensure_index(op, ")
    )
    text = _REVISION.format(message=message, revision=number, previous=scripts.get_current_head(), body=body)
    name = re.sub(r"\W+", "_", message.lower()).strip("_")
    (Path(scripts.dir) / "versions" / f"{number}_{name}.py").write_text(text)


def _main(arguments: list[str]) -> None:
    owner, message = arguments[0] if arguments else "", " ".join(arguments[1:]).strip()
    if not owner or not message:
        sys.exit('Say which domain and what changes: make migration DOMAIN=doctors MESSAGE="What changes"')
    if not _has_tables(owner):
        sys.exit(f"{owner} owns no tables: name a domain, such as doctors, or a package, such as hospital.mailbox.")
    _write_revision(owner, message)


def _has_tables(owner: str) -> bool:
    try:
        return importlib.util.find_spec(f"{package_of(owner)}.tables") is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    _main(sys.argv[1:])
