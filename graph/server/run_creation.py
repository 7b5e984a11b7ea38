"""Starts and cancels runs: each in one transaction that holds the thread."""

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from graph.caller import current_caller
from graph.checkpoints import PostgresSaver
from graph.server.approval_rights import POLICY, already_used, check_may_revoke
from graph.server.assistant_book import Request, Rows, assistant_of, given_by
from graph.server.clock import Clock, utc_now
from graph.server.correlation import current_session_id, current_trace_id
from graph.server.database import Database, Row, Statements
from graph.server.door.authentication import require
from graph.server.errors import ApiError
from graph.server.graph_set import GraphSet
from graph.server.notices.safe_address import refuse_inside
from graph.server.queue import RunQueue
from graph.server.resume_guard import Answerer, ResumeConflict, TimedOut, claim_answers
from graph.server.room import Room
from graph.server.run_ending import end_run
from graph.server.run_request import IN_VAIN, RunRequest, answer_request, without_secrets
from graph.server.signals import CONTROL, EVENTS
from graph.server.thread_rights import check_may_change
from graph.server.wishes_of_requests import with_cache_control
from kb_contract.kept_secrets import KeptSecrets


@dataclass(frozen=True)
class RunDesk:
    """Where runs are asked for and called off."""

    database: Database
    queue: RunQueue
    graphs: GraphSet
    saver: PostgresSaver
    now: Clock = utc_now
    room: Room = field(default_factory=Room)
    private_webhooks: bool = False
    """Whether callers may name addresses of the network inside."""
    secrets: KeptSecrets = field(default_factory=KeptSecrets)

    async def start(
        self,
        thread_id: str | None,
        request: RunRequest,
        caller: str,
        *,
        by_policy: bool = False,
        shown: str | None = None,
    ) -> Row:
        """Keep the run and put it in the queue; a stateless one gets a thread of its own.

        An answer that comes too late lets the policy decide first, and is then refused.
        """
        who = Answerer(caller, str(uuid.uuid4()), self.now(), by_policy, shown)
        try:
            return await self._started(thread_id, request, who)
        except TimedOut as late:
            for one in late.approvals:
                await self._rejected(one, request.assistant_id)
            raise

    async def _rejected(self, row: Row, graph: str) -> None:
        """Let the policy reject it now; the next look at the clock would have."""
        request = answer_request(graph, row["approval_id"], IN_VAIN)
        policy = Answerer(POLICY, str(uuid.uuid4()), self.now(), by_policy=True)
        with contextlib.suppress(ResumeConflict):  # that look was quicker
            await self._started(row["thread_id"], request, policy)

    async def _started(self, thread_id: str | None, request: RunRequest, who: Answerer) -> Row:
        async with self.database.transaction() as statements:
            return await self.start_in(statements, thread_id, request, who)

    async def start_together(self, requests: Sequence[RunRequest], caller: str) -> list[Row]:
        """Start all of them, each on a thread of its own, or none."""
        async with self.database.transaction() as statements:
            return [
                await self.start_in(statements, None, one, self._who(caller)) for one in requests
            ]

    def _who(self, caller: str) -> Answerer:
        return Answerer(caller, str(uuid.uuid4()), self.now())

    async def start_in(
        self, statements: Statements, thread_id: str | None, request: RunRequest, who: Answerer
    ) -> Row:
        """Start it in a transaction that has more to do."""
        request, assistant = await self.checked(statements, request)
        request = without_secrets(request, self.secrets)
        # Whoever has much under way waits behind those who have less; answers wait behind nobody.
        before = 0 if request.answers is not None else await self.room.check(statements, who.name)
        thread = await self._thread(statements, thread_id, request)
        if thread_id is not None and request.answers is None:
            await check_may_change(self.database, thread_id, thread["owner"], "a run")
        await self._make_room(statements, thread["thread_id"], request, who.name)
        kwargs = request.kwargs(stateless=thread_id is None)
        if request.answers is not None:
            kwargs["command"]["resume"] = await claim_answers(
                statements, thread["thread_id"], request.answers, who
            )
            kwargs["context"] = request.context or await _context_before(
                statements, thread["thread_id"]
            )
        # Who asked is known later to those who may not let the same person approve.
        about = {**(request.metadata or {}), "requested_by": who.name}
        request = request.model_copy(update={"metadata": about})
        run = await self._kept(
            statements, who.run_id, thread["thread_id"], assistant, request, kwargs
        )
        await self._queued(statements, run, request, behind=before)
        return run

    async def checked(self, rows: Rows, request: Request) -> tuple[Request, Mapping[str, Any]]:
        """The run as its assistant has it, when everything that is said can be done."""
        request.check()
        _check_command(request)
        if request.webhook:
            refuse_inside(request.webhook, allow_private=self.private_webhooks)
        assistant = await assistant_of(rows, self.graphs, request.assistant_id)
        graph_id = assistant["graph_id"]
        if request.answers is None:  # who answers goes on with what the question said
            request = with_cache_control(request, self.graphs.get(graph_id))
        request = given_by(assistant, request)
        self.graphs.check_context(graph_id, request.context)
        return request, assistant

    async def cancel(self, thread_id: str, run_id: str, action: str, caller: str) -> Row:
        """Stop a run, or what it left waiting for people; return it as it was."""
        async with self.database.transaction() as statements:
            thread = await self._locked(statements, thread_id)
            run = await statements.row("lock_run", run_id=run_id, thread_id=thread_id)
            if run is None:
                raise ApiError(404, "there is no such run on this thread")
            if run["requested_by"] != caller or action == "rollback":
                await check_may_change(self.database, thread_id, thread["owner"], action)
            if run["status"] in ("pending", "running"):
                await self._call_off(statements, run, action, caller)
                return run
            dropped = await statements.rows(
                "drop_approvals", thread_id=thread_id, decided_by=caller, keep=[]
            )
            if not dropped and run["status"] != "interrupted":
                raise ApiError(409, f"the run has ended already: {run['status']}")
            return run

    async def revoke(self, thread_id: str, approval_id: str, caller: str) -> None:
        """Take a decision back, as long as no worker has begun to carry it out."""
        async with self.database.transaction() as statements:
            await self._locked(statements, thread_id)
            rows = await statements.rows("approvals_of_thread", thread_id=thread_id)
            row = next(one for one in rows if one["approval_id"] == approval_id)
            run_id = check_may_revoke(row, caller)
            run = await statements.row("lock_run", run_id=run_id, thread_id=thread_id)
            if run is None or run["status"] != "pending":
                raise already_used(row)
            await statements.rows("revoke_decisions", thread_id=thread_id, run_id=run_id, by=caller)
            await self._call_off(statements, run, "interrupt", caller)

    async def _thread(
        self, statements: Statements, thread_id: str | None, request: RunRequest
    ) -> Row:
        if thread_id is None:
            made = await statements.row(
                "new_thread", thread_id=str(uuid.uuid4()), metadata=Jsonb({"stateless": True})
            )
            assert made is not None  # noqa: S101 - a fresh id is new
            return made
        if request.if_not_exists == "create":
            await statements.row("new_thread", thread_id=thread_id, metadata=Jsonb({}))
        return await self._locked(statements, thread_id)

    async def _locked(self, statements: Statements, thread_id: str) -> Row:
        thread = await statements.row("lock_thread", thread_id=thread_id)
        if thread is None:
            raise ApiError(404, f"there is no thread {thread_id}", hint="make it: POST /threads")
        return thread

    async def _make_room(
        self, statements: Statements, thread_id: str, request: RunRequest, caller: str
    ) -> None:
        strategy = request.multitask_strategy or "enqueue"
        active = await statements.rows("active_runs", thread_id=thread_id)
        if active and strategy == "reject":
            raise ApiError(
                409,
                "the thread already works on a run",
                hint="wait for it, or say multitask_strategy",
            )
        if strategy in ("interrupt", "rollback"):
            for run in active:
                await self._call_off(statements, run, strategy, caller)

    async def _call_off(self, statements: Statements, run: Row, action: str, caller: str) -> None:
        """A waiting run ends here; a running one is ended by its worker."""
        run_id = run["run_id"]
        await statements.rows("ask_to_cancel", run_id=run_id, action=action, cancelled_by=caller)
        if run["status"] == "running":
            await statements.rows("notify", channel=CONTROL, payload=run_id)
            return
        await statements.rows("cancel_job", job_id=run["job_id"])
        if action == "rollback":
            await statements.row("delete_run", run_id=run_id, attempt=None)
            await statements.row("settle_thread", thread_id=run["thread_id"], status=None)
            await statements.rows("notify", channel=EVENTS, payload=run_id)
            return
        await statements.row(
            "finish_run", run_id=run_id, attempt=run["attempt"], status="interrupted", error=None
        )
        await end_run(statements, run, None)

    async def _kept(
        self,
        statements: Statements,
        run_id: str,
        thread_id: str,
        assistant: Mapping[str, Any],
        request: RunRequest,
        kwargs: dict[str, Any],
    ) -> Row:
        of = {"graph_id": assistant["graph_id"], "assistant_id": assistant["assistant_id"]}
        about = {**(request.metadata or {}), "trace_id": current_trace_id(), **of}
        if current_session_id():
            about["session_id"] = current_session_id()
        run = await statements.row(
            "new_run",
            run_id=run_id,
            thread_id=thread_id,
            assistant_id=assistant["assistant_id"],
            kwargs=Jsonb(kwargs),
            metadata=Jsonb(about),
            multitask_strategy=request.multitask_strategy or "enqueue",
            trace_id=current_trace_id(),
        )
        assert run is not None  # noqa: S101 - an insert without conditions returns its row
        if request.webhook:
            await statements.rows("new_run_webhook", run_id=run_id, url=request.webhook)
        # An answer is given to a graph; whose assistant asked stays known.
        known = of if request.answers is None else {"graph_id": of["graph_id"]}
        await statements.rows("busy_thread", thread_id=thread_id, metadata=Jsonb(known))
        return run

    async def _queued(
        self, statements: Statements, run: Row, request: RunRequest, *, behind: int
    ) -> None:
        # The runs of a thread stay in the order in which they were asked for.
        before = await statements.row("last_in_line", thread_id=run["thread_id"])
        last = before["priority"] if before and before["priority"] is not None else 0
        job_id = await self.queue.put(
            statements.connection,
            run["run_id"],
            run["thread_id"],
            after_seconds=request.after_seconds or 0,
            priority=min(-behind, last),
        )
        await statements.rows("set_job", run_id=run["run_id"], job_id=job_id)


def _check_command(request: RunRequest) -> None:
    """What is said to a graph beside a question asks for a role, whichever route it comes by."""
    caller = current_caller()
    if request.answers is not None:
        require(caller, "approver")
    if request.command and (request.command.update is not None or request.command.goto):
        require(caller, "operator")


def run_body(run: Row, select: Sequence[str] | None = None) -> dict[str, Any]:
    """A run as the API says it."""
    names = ("run_id", "thread_id", "assistant_id", "status", "metadata", "multitask_strategy")
    body = {name: run[name] for name in (*names, "kwargs", "created_at", "updated_at")}
    body["cancel_reason"] = run.get("cancel")
    return {name: one for name, one in body.items() if select is None or name in select}


async def _context_before(statements: Statements, thread_id: str) -> Any:
    """Go on with the bounds, and in the past, that the question was asked with."""
    row = await statements.row("context_before", thread_id=thread_id)
    return row["context"] if row else None
