"""How a run ends: its status, its approvals and its thread change in one transaction."""

from dataclasses import dataclass, field
from typing import Final, Literal, Never

from langgraph.types import StateSnapshot

from graph.checkpoints import PostgresSaver
from graph.server.approval_keeping import ApprovalKeeping
from graph.server.database import Database, Row, Statements
from graph.server.encoding import to_json
from graph.server.event_sink import EventSink
from graph.server.queue import TryAgain
from graph.server.signals import EVENTS
from graph.server.thread_pruning import prune_when_long

LONGEST_ERROR: Final = 2000
RunStatus = Literal["success", "error", "timeout", "interrupted"]


@dataclass(frozen=True)
class Ending:
    """What became of a run."""

    status: RunStatus
    thread_status: str


@dataclass(frozen=True)
class RunEnding:
    """Ends one attempt of a run, unless another attempt has begun."""

    database: Database
    saver: PostgresSaver
    run: Row
    sink: EventSink
    asking: ApprovalKeeping = field(default_factory=ApprovalKeeping)

    async def finished(self, state: StateSnapshot) -> Ending | None:
        """The graph has stopped: it is done, or it waits for people."""
        ending = Ending("success", "interrupted" if state.next else "idle")
        kept = await self._keep(ending, state=state)
        if kept is not None and not state.next:
            await prune_when_long(self.database, self.saver, self.run["thread_id"])
        return kept

    async def failed(self, kind: str, message: str, state: StateSnapshot) -> Ending | None:
        """The graph raised; what other branches ask is kept, what was answered stays answered."""
        said = {"error": kind, "message": message[:LONGEST_ERROR]}
        return await self._keep(Ending("error", "error"), error=said, state=state)

    async def timed_out(self, seconds: float, state: StateSnapshot) -> Ending | None:
        said = {"error": "Timeout", "message": f"not done within {seconds:.0f} s"}
        return await self._keep(Ending("timeout", "error"), error=said, state=state)

    async def cancelled(self, action: str, state: StateSnapshot | None) -> Ending | None:
        """Stopped by a person: `rollback` also undoes what the run did to the thread."""
        if action == "rollback":
            return await self._roll_back()
        waits = state is not None and bool(state.next)
        return await self._keep(
            Ending("interrupted", "interrupted" if waits else "idle"), drop_approvals=True
        )

    async def requeue(self) -> Never:
        """Leave the run to another worker."""
        raise TryAgain("this worker shuts down")

    async def _keep(
        self,
        ending: Ending,
        *,
        state: StateSnapshot | None = None,
        error: dict[str, str] | None = None,
        drop_approvals: bool = False,
    ) -> Ending | None:
        await self.sink.close()
        async with self.database.transaction() as statements:
            await statements.row("lock_thread", thread_id=self.run["thread_id"])
            if error is not None:
                self.sink.add("error", error)
                await self.sink.write_in(statements)
            if not await self._set_status(statements, ending, error):
                return None
            if state is not None:
                await self._keep_approvals(statements, state, stopped_well=error is None)
            elif drop_approvals:
                await self._drop_approvals(statements, keep=[])
            await end_run(statements, self.run, ending.thread_status)
        return ending

    async def _set_status(
        self, statements: Statements, ending: Ending, error: dict[str, str] | None
    ) -> bool:
        row = await statements.row(
            "finish_run",
            run_id=self.run["run_id"],
            attempt=self.run["attempt"],
            status=ending.status,
            error=to_json(error) if error else None,
        )
        return row is not None

    async def _keep_approvals(
        self, statements: Statements, state: StateSnapshot, *, stopped_well: bool
    ) -> None:
        for ordinal, one in enumerate(state.interrupts):
            await self.asking.keep(statements, self.run, one, ordinal, asked_again=stopped_well)
        if stopped_well:
            await self._drop_approvals(statements, keep=[one.id for one in state.interrupts])

    async def _drop_approvals(self, statements: Statements, *, keep: list[str]) -> None:
        row = await statements.row("run", run_id=self.run["run_id"])
        await statements.rows(
            "drop_approvals",
            thread_id=self.run["thread_id"],
            decided_by=(row or {}).get("cancelled_by"),
            keep=keep,
        )

    async def _roll_back(self) -> Ending | None:
        run_id, thread_id = self.run["run_id"], self.run["thread_id"]
        await self.sink.close()
        await self.saver.adelete_for_runs([run_id])
        async with self.database.transaction() as statements:
            await statements.row("lock_thread", thread_id=thread_id)
            await self._drop_approvals(statements, keep=[])
            await statements.row("delete_run", run_id=run_id, attempt=self.run["attempt"])
            await statements.row("settle_thread", thread_id=thread_id, status=None)
            await statements.rows("notify", channel=EVENTS, payload=run_id)
        return Ending("interrupted", "idle")


async def end_run(statements: Statements, run: Row, thread_status: str | None) -> None:
    """Say `end` to those who follow, and settle the thread."""
    await statements.rows("append_end", run_id=run["run_id"])
    await statements.row("settle_thread", thread_id=run["thread_id"], status=thread_status)
    await statements.rows("forget_after_run", thread_id=run["thread_id"], run_id=run["run_id"])
    await statements.rows("notify", channel=EVENTS, payload=run["run_id"])
