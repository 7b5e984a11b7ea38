"""The writer, for commands: its settings, ledger and store as the running stack says."""

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from kb.dagster_home import write_dagster_home
from kb.settings import child_environment, find_addresses, load_settings
from kb_contract.errors import BadInput, Unavailable

if TYPE_CHECKING:
    import dagster as dg

    from dagster_kb.resources.ledger import Ledger
    from dagster_kb.settings import WriterSettings


# Seconds for a part to answer at all.
_PATIENCE: Final = 5


def writer_settings(workspace: str | None = None) -> "WriterSettings":
    """Read the writer's settings, with what the running stack adds to the environment."""
    from dagster_kb.settings import load_settings as load_writer

    stack = load_settings()
    added = child_environment(stack, find_addresses(stack))
    if workspace:
        added["WORKSPACE_ID"] = workspace
    os.environ.update(added)  # noqa: TID251 - what `kb up` gives to the writer's processes
    return load_writer()


def require_parts(settings: "WriterSettings", *, store: bool) -> None:
    """Ask Postgres, and Qdrant when it is needed, once: what does not answer is said at once."""
    import httpx
    import psycopg

    from kb.migrate import current_revision
    from kb.migrations import sql_revisions

    database = settings.database_url.get_secret_value()
    where = _without_password(database)
    try:
        psycopg.connect(database, connect_timeout=_PATIENCE).close()
    except psycopg.OperationalError as error:
        raise _silent("Postgres", where, error) from error
    if (found := current_revision(database)) != sql_revisions.head():
        raise BadInput(
            f"the database is at revision {found or 'none'}, wanted {sql_revisions.head()}",
            where=where, cure="run `kb migrate` (`kb up` does it when it starts)",
        )  # fmt: skip
    if not store:
        return
    key = settings.qdrant_api_key
    headers = {"api-key": key.get_secret_value()} if key else {}
    try:
        url = f"{settings.qdrant_url.rstrip('/')}/collections"
        reply = httpx.get(url, headers=headers, timeout=_PATIENCE).raise_for_status()
        reply.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _silent("Qdrant", settings.qdrant_url, error) from error


def _silent(part: str, where: str, error: Exception) -> Unavailable:
    said = " ".join(str(error).split())[:300] or type(error).__name__
    return Unavailable(
        f"{part} does not answer as it should: {said}",
        where=where,
        cure="see `kb status`; `kb up` starts what is missing, `kb migrate` makes the database",
    )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'local'}:{parts.port or 5432}{parts.path}"


def open_dagster() -> "dg.DagsterInstance":
    """Open the real Dagster instance; call `writer_settings` first, it sets DAGSTER_HOME."""
    import dagster

    stack = load_settings()
    write_dagster_home(
        stack.home / "dagster", find_addresses(stack).database_url, stack.dagster_yaml
    )
    return dagster.DagsterInstance.get()


def known_agent(ledger: "Ledger", agent: str) -> str:
    """Return the agent's id, or say which there are."""
    known = ledger.generations.known_agents()
    if agent not in known:
        raise BadInput(
            f"there is no agent {agent!r}",
            cure=f"choose of: {', '.join(known)}" if known else "run `kb ingest` first",
        )
    return agent
