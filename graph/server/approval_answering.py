"""Answers one approval, and resumes its thread: the one way for people, inboxes and the policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.server.database import Database, Row
from graph.server.errors import ApiError
from graph.server.graph_set import GraphSet
from graph.server.run_creation import RunDesk
from graph.server.run_request import answer_request


@dataclass(frozen=True)
class Answering:
    """Turns a decision into the run that carries it; the guard lets one of several through."""

    database: Database
    desk: RunDesk
    graphs: GraphSet
    grace: float = 0.0
    """Seconds before the run begins, in which the decision can be revoked."""

    async def answer(
        self,
        row: Row,
        decision: Mapping[str, Any],
        caller: str,
        *,
        by_policy: bool = False,
        shown: str | None = None,
    ) -> Row:
        """Start that run; `shown` is the digest of what the answerer saw."""
        thread = await self.database.row("thread", thread_id=row["thread_id"])
        graph_id = (thread or {"metadata": {}})["metadata"].get("graph_id")
        request = answer_request(
            graph_id or next(iter(self.graphs.graphs)),
            row["approval_id"],
            decision,
            after_seconds=None if by_policy else self.grace or None,
        )
        return await self.desk.start(
            row["thread_id"], request, caller, by_policy=by_policy, shown=shown
        )


async def one_approval(database: Database, approval_id: str, thread_id: str | None) -> Row:
    """The approval that is meant; a copied thread waits for the same ones."""
    rows = await database.rows("approval", approval_id=approval_id, thread_id=thread_id)
    if not rows:
        raise ApiError(404, f"there is no approval {approval_id}", hint="GET /approvals/pending")
    waiting = {row["thread_id"] for row in rows if row["status"] == "pending"}
    if len(waiting) > 1:
        raise ApiError(
            409,
            f"{len(waiting)} threads wait for this answer",
            hint="say which: thread_id",
            more={"threads": sorted(waiting)},
        )
    return rows[0]
