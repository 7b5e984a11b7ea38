"""Every file of `kb_contract/migrations` is a revision; its number is the revision's name."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap
from sqlalchemy import Connection

SCHEMA = "kb"
VERSION_TABLE = "schema_version"


def sql_files() -> list[Traversable]:
    """Return the migrations in order."""
    found = [one for one in (files("kb_contract") / "migrations").iterdir() if _is_sql(one)]
    return sorted(found, key=lambda one: one.name)


def _is_sql(one: Traversable) -> bool:
    return one.name.endswith(".sql")


def head() -> str:
    """Return the newest revision."""
    return _number(sql_files()[-1])


def _number(file: Traversable) -> str:
    return file.name.split("_", 1)[0]


def _revisions(connection: Connection) -> Iterator[Script]:
    previous: str | None = None
    for file in sql_files():
        module = ModuleType(file.name, file.name)
        module.revision, module.down_revision = _number(file), previous  # pyright: ignore[reportAttributeAccessIssue]
        module.upgrade = _statement(connection, file)  # pyright: ignore[reportAttributeAccessIssue]
        yield Script(module, _number(file), file.name)
        previous = _number(file)


def _statement(connection: Connection, file: Traversable) -> Callable[[], None]:
    def upgrade() -> None:
        # without parameters a '%' in SQL stays a '%', and one file may hold many statements
        plain = connection.execution_options(no_parameters=True)
        plain.exec_driver_sql(file.read_text(encoding="utf-8"))

    return upgrade


def upgrade_to_head(connection: Connection) -> None:
    """Bring the database to the newest revision; the caller's transaction holds all of it."""
    revisions = RevisionMap(lambda: _revisions(connection))

    def steps(current: tuple[str, ...], _context: object) -> list[RevisionStep]:
        missing = revisions.iterate_revisions(head(), current or None)
        return [
            RevisionStep(revisions, script, is_upgrade=True)
            for script in reversed(list(missing))
            if isinstance(script, Script)
        ]

    connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
    MigrationContext.configure(
        connection=connection,
        opts={"fn": steps, "version_table": VERSION_TABLE, "version_table_schema": SCHEMA},
    ).run_migrations()
