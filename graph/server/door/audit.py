"""Writes what privileged callers do into the audit, before it is done."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from graph.caller import Caller, current_caller
from graph.server.correlation import current_trace_id
from graph.server.database import Database


async def write_privileged(
    database: Database,
    about: Mapping[str, Any],
    *,
    kind: str = "privileged",
    caller: Caller | None = None,
) -> None:
    """Append an entry; what cannot be written is not done, because this raises."""
    who = caller or current_caller()
    entry: dict[str, Any] = {
        "kind": kind,
        "actor": who.name,
        "workspace_id": database.workspace,
        "trace_id": current_trace_id(),
        **about,
    }
    await database.rows("append_audit", entry=Jsonb(entry))
