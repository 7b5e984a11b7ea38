"""What runs now, read from the ledger and the queue."""

from dataclasses import dataclass
from typing import Any

from graph.gateways.catalogue_queries import plain_row
from graph.gateways.postgres import LazyPool
from kb_contract.named_queries import named_queries

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

    async def read(self) -> dict[str, list[dict[str, Any]]]:
        state: dict[str, list[dict[str, Any]]] = {}
        mine = {"workspace": self.workspace}
        for part in ("generations", "colours", "runs"):
            statement = named_queries("reader")[f"system_{part}"]
            rows = await self.ledger.rows(statement, mine)
            state[part] = [plain_row(row) for row in rows]
        state["workers"] = [plain_row(row) for row in await self.ops.rows(_WORKERS, {})]
        state["clock"] = [plain_row(row) for row in await self.ops.rows(_CLOCK, {})]
        state["queue"] = [plain_row(row) for row in await self.ops.rows(_QUEUE, mine)]
        return state
