"""Effects that a person approved, handed to the writer by a row that it picks up."""

import json
from dataclasses import dataclass
from typing import Any, Final

import structlog

from graph.gateways.catalogue_queries import plain_row
from graph.gateways.postgres import LazyPool
from kb_contract.errors import BadInput

REFRESH: Final = "refresh_knowledge"
POSSIBLE: Final = {
    REFRESH: "read an agent's folder again and publish what changed: {agent_id}",
    "pause": "let nothing build an agent: {agent_id, reason}",
    "resume": "let an agent be built again: {agent_id}",
    "verify": "check that an agent serves what the ledger says: {agent_id}",
    "rollback": "serve again what was served before: {agent_id, to, reason}",
}

_REQUEST = """
insert into ops.requested_operations (key, action, arguments, requested_by, trace_id, workspace_id)
values (%(key)s, %(action)s, %(arguments)s, %(by)s, %(trace)s, %(workspace)s)
on conflict (workspace_id, key) do nothing
"""
_READ = """
select * from ops.requested_operations where key = %(key)s and workspace_id = %(workspace)s
"""


@dataclass(frozen=True)
class RequestedOperations:
    """The real `Operations`: one row per key, however often it is asked for."""

    pool: LazyPool
    workspace: str
    requested_by: str = "graph"

    async def perform(self, action: str, arguments: dict[str, Any], *, key: str) -> dict[str, Any]:
        if action not in POSSIBLE:
            raise BadInput(
                f"{action!r} is not something that can be done here",
                where="operations",
                cure="possible: " + "; ".join(f"{one} ({what})" for one, what in POSSIBLE.items()),
            )
        if not key:
            raise BadInput("an effect needs a key", where=action, cure="give the work's key")
        said = json.dumps(arguments, sort_keys=True)
        async with self.pool.connection() as connection:
            inserted = await connection.execute(
                _REQUEST.encode(),
                {
                    "key": key,
                    "action": action,
                    "arguments": said,
                    "by": self.requested_by,
                    "workspace": self.workspace,
                    "trace": structlog.contextvars.get_contextvars().get("trace_id"),
                },
            )
            mine = {"key": key, "workspace": self.workspace}
            row = await (await connection.execute(_READ.encode(), mine)).fetchone()
        if row is None:
            raise BadInput("the request is gone", where=key, cure="ask again")
        if row["action"] != action or row["arguments"] != arguments:
            raise BadInput(
                "this key was used for something else",
                where=key,
                cure="ask again as a new question",
            )
        return {**plain_row(row), "new": inserted.rowcount == 1}
