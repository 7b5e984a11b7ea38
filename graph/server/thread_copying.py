"""A copy of a thread: the same past and the same questions to people, and none of their answers to these."""

import uuid
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig
from psycopg.types.json import Jsonb

from graph.checkpoints import PostgresSaver
from graph.scheduler.approval import is_decision
from graph.server.database import Database, Statements
from graph.server.errors import ApiError
from graph.server.graph_set import GraphSet


@dataclass(frozen=True)
class ThreadCopying:
    """Copies threads.

    What was allowed in one thread and is not done yet was allowed there only, so the copy asks anew:
    else the deed would be done in both, approved once.
    """

    database: Database
    saver: PostgresSaver
    graphs: GraphSet

    async def __call__(self, thread_id: str, caller: str) -> str:
        """Copy it, and return the id of the copy."""
        copy_id = str(uuid.uuid4())
        async with self.database.transaction() as statements:
            thread = await statements.row("lock_thread", thread_id=thread_id)
            if thread is None:
                raise ApiError(404, f"there is no thread {thread_id}")
            about = Jsonb({**thread["metadata"], "copied_from": thread_id})
            await statements.row("new_thread", thread_id=copy_id, metadata=about)
            await self._keep_asker(statements, thread_id, copy_id, caller)
            await self.saver.acopy_thread(thread_id, copy_id)
            place = RunnableConfig(configurable={"thread_id": copy_id, "checkpoint_ns": ""})
            await self.saver.aforget_results(place, is_decision)
            state = await self.graphs.of_thread(thread["metadata"]).aget_state(place)
            waits_for = [one.id for one in state.interrupts]
            await statements.rows(
                "copy_approvals", thread_id=thread_id, copy_id=copy_id, asked=waits_for
            )
            await statements.row("settle_thread", thread_id=copy_id, status=None)
        return copy_id

    async def _keep_asker(
        self, statements: Statements, thread_id: str, copy_id: str, caller: str
    ) -> None:
        """Whoever asked still may not approve it, where asker and approver must be two."""
        row = await statements.row("asker_of_thread", thread_id=thread_id)
        asker = (row or {}).get("requested_by") or caller
        await statements.rows("keep_asker", thread_id=copy_id, requested_by=asker)
