"""Bring a database to the newest shape: ledger, queue, checkpoints. Two at once do not race."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from kb.migrations import sql_revisions
from kb_contract.errors import ScriptoriumError

LOCK = "scriptorium migrations"


def migrate(database_url: str) -> str:
    """Make the database when it is missing, apply what is missing, return the revision."""
    _make_database(database_url)
    with _alone(database_url):
        _apply_ledger(database_url)
        _apply_queue(database_url)
        _apply_checkpoints(database_url)
        _apply_store(database_url)
    return sql_revisions.head()


def current_revision(database_url: str) -> str | None:
    """Return the database's revision; None when it was never migrated."""
    table = f"{sql_revisions.SCHEMA}.{sql_revisions.VERSION_TABLE}"
    with psycopg.connect(database_url) as connection:
        if connection.execute("select to_regclass(%s)", (table,)).fetchone() == (None,):
            return None
        row = connection.execute(
            sql.SQL("select version_num from {}").format(
                sql.Identifier(sql_revisions.SCHEMA, sql_revisions.VERSION_TABLE)
            )
        ).fetchone()
    return row[0] if row else None


def in_schema(database_url: str, schema: str) -> str:
    """Return the URL with a search path, for libraries that name no schema."""
    mark = "&" if urlsplit(database_url).query else "?"
    return f"{database_url}{mark}options=-csearch_path%3D{schema}"


@contextmanager
def _alone(database_url: str, *, within: float = 120) -> Generator[None]:
    """Hold the lock outside a transaction: an index built concurrently waits for open ones."""
    deadline = time.monotonic() + within
    with psycopg.connect(database_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 0))", (LOCK,)
            ).fetchone()
            if row == (True,):
                break
            if time.monotonic() > deadline:
                raise ScriptoriumError(
                    f"another migration has held the lock for {within:.0f} s",
                    where="database",
                    cure="look for it in pg_stat_activity, end it, and try again",
                )
            time.sleep(0.1)
        yield


def _make_database(database_url: str) -> None:
    try:
        psycopg.connect(database_url).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error) or "database" not in str(error):
            raise
    else:
        return
    parts = urlsplit(database_url)
    name = parts.path.removeprefix("/")
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as admin:
        try:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return  # another starter was first


def _apply_ledger(database_url: str) -> None:
    from sqlalchemy import create_engine  # heavy, and only migrations need it

    engine = create_engine(_sqlalchemy_url(database_url))
    try:
        with engine.begin() as connection:
            sql_revisions.upgrade_to_head(connection)
    finally:
        engine.dispose()


def _sqlalchemy_url(database_url: str) -> str:
    return "postgresql+psycopg://" + database_url.split("://", 1)[1]


def _apply_queue(database_url: str) -> None:
    """Apply the queue's schema once; later versions of it come as migrations of ours."""
    from procrastinate.schema import SchemaManager  # only migrations need it

    with psycopg.connect(in_schema(database_url, "procrastinate")) as connection:
        there = connection.execute("select to_regclass('procrastinate.procrastinate_jobs')")
        if there.fetchone() == (None,):
            connection.execute(SchemaManager.get_schema().encode())


def _apply_checkpoints(database_url: str) -> None:
    from langgraph.checkpoint.postgres import PostgresSaver  # only migrations need it

    with PostgresSaver.from_conn_string(in_schema(database_url, "langgraph")) as saver:
        saver.setup()


def _apply_store(database_url: str) -> None:
    from langgraph.store.postgres import PostgresStore  # only migrations need it

    with PostgresStore.from_conn_string(in_schema(database_url, "langgraph")) as store:
        store.setup()
