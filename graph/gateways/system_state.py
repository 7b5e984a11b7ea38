"""What runs now, read from the ledger and the queue."""

from dataclasses import dataclass
from typing import Any

import httpx

from graph.gateways.catalogue_queries import plain_row
from graph.gateways.postgres import LazyPool
from graph.gateways.service_probes import QdrantProbe
from kb_contract.named_queries import named_queries

_TOLD = 200
_QUEUE = """
with mine as (select thread_id from ops.threads where workspace_id = %(workspace)s)
select (select count(*) from ops.runs join mine using (thread_id)
        where status = 'pending') as runs_waiting,
       (select count(*) from ops.runs join mine using (thread_id)
        where status = 'running') as runs_running,
       (select count(*) from ops.approvals join mine using (thread_id)
        where status = 'pending') as approvals_waiting,
       (select count(*) from ops.requested_operations
        where status = 'requested' and workspace_id = %(workspace)s) as operations_waiting
"""
_CLOCK = "select to_char(now() at time zone 'utc', 'YYYY-MM-DD HH24:MI \"UTC\"') as now"
_VERSION = "select split_part(version(), ' ', 2) as version"
_WORKERS = """
select id as worker, last_heartbeat, last_heartbeat > now() - interval '60 seconds' as alive
from procrastinate.procrastinate_workers
order by id
"""


@dataclass(frozen=True)
class PostgresSystemState:
    """The real `SystemState`."""

    ledger: LazyPool
    """As the role that reads the ledger."""
    ops: LazyPool
    workspace: str
    qdrant: QdrantProbe

    async def read(self) -> dict[str, list[dict[str, Any]]]:
        state: dict[str, list[dict[str, Any]]] = {}
        mine = {"workspace": self.workspace}
        for part in ("generations", "colours", "runs"):
            statement = named_queries("reader")[f"system_{part}"]
            rows = await self.ledger.rows(statement, mine)
            state[part] = [plain_row(row) for row in rows]
        state["workers"] = [plain_row(row) for row in await self.ops.rows(_WORKERS, {})]
        state["clock"] = [plain_row(row) for row in await self.ops.rows(_CLOCK, {})]
        state["services"] = [await self._postgres(), await self._qdrant()]
        state["queue"] = [plain_row(row) for row in await self.ops.rows(_QUEUE, mine)]
        return state

    async def _postgres(self) -> dict[str, Any]:
        [row] = await self.ops.rows(_VERSION, {})
        return {"service": "postgres", "state": "up", **row}

    async def _qdrant(self) -> dict[str, Any]:
        try:
            seconds = await self.qdrant()
        except (httpx.HTTPError, OSError) as error:
            told = f"{type(error).__name__}: {error}"[:_TOLD]
            return {"service": "qdrant", "state": "not reachable", "error": told}
        return {"service": "qdrant", "state": "up", "answered_in": f"{seconds * 1000:.0f} ms"}
