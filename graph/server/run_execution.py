"""Carries out one run: claims it, runs its graph, says what happens, and settles its thread."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import psycopg
import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.types import StateSnapshot
from opentelemetry import trace

from graph.caller import Caller, working_for
from graph.checkpoints import PostgresSaver
from graph.ending_tasks import CANCEL_AGAIN_SECONDS, end
from graph.postgres_session import PASSING_ERRORS
from graph.server.approval_keeping import ApprovalKeeping
from graph.server.database import Database, Row
from graph.server.event_sink import EventSink, Superseded, saying
from graph.server.fence import Fence
from graph.server.graph_set import Graph, GraphSet
from graph.server.queue import TryAgain
from graph.server.run_config import config_of
from graph.server.run_ending import Ending, RunEnding
from graph.server.run_parts import (
    EventNames,
    Part,
    Reading,
    command_of,
    is_unfinished,
    parts_of,
)
from kb_contract.errors import ScriptoriumError
from kb_contract.kept_secrets import KeptSecrets

log = structlog.get_logger(__name__)
MOST_ATTEMPTS: Final = 12
StopReason = Literal["cancel", "superseded", "shutdown"]
# Parts that come often and may wait for the next batch; the others are kept before the graph goes on.
LOOSE: Final = frozenset({"messages", "custom", "events"})


class RunTooLong(Exception):
    """The run used up its time."""


class NothingWaits(ScriptoriumError):
    """A resume answers an interrupt that the graph no longer waits at."""


@dataclass
class ActiveRun:
    """A run of this process.

    A cancellation can be lost (see `ending_tasks`), so it is said again, and each part of the graph asks
    for it.
    """

    attempt: int
    task: asyncio.Task[None] = field(init=False)
    control: RunControl = field(default_factory=RunControl)
    stopped: StopReason | None = None
    cancelled_at: float = 0.0

    def stop(self, why: StopReason) -> None:
        now = time.monotonic()
        if self.stopped is None or now - self.cancelled_at > CANCEL_AGAIN_SECONDS:
            self.stopped = self.stopped or why
            self.cancelled_at = now
            self.task.cancel()

    def stop_if_asked(self) -> None:
        """Stop here, where a cancellation was lost."""
        if self.stopped is not None:
            raise asyncio.CancelledError


@dataclass(frozen=True)
class RunExecution:
    """Executes runs by id; several at a time."""

    database: Database
    graphs: GraphSet
    saver: PostgresSaver
    fence: Fence
    seconds: float
    """Longest that one run may work; waiting for people happens between runs."""
    asking: ApprovalKeeping = field(default_factory=ApprovalKeeping)
    secrets: KeptSecrets = field(default_factory=KeptSecrets)
    active: dict[str, ActiveRun] = field(default_factory=dict[str, ActiveRun], init=False)

    async def execute(self, run_id: str) -> None:
        """Carry the run to its end, or raise `TryAgain`."""
        run = await self._claimed(run_id)
        if run is None:
            return
        names = {"run_id": run_id, "thread_id": run["thread_id"], "trace_id": run["trace_id"]}
        tracer = trace.get_tracer("scriptorium.worker")
        with (
            structlog.contextvars.bound_contextvars(**names, attempt=run["attempt"]),
            tracer.start_as_current_span("run", attributes={k: v or "" for k, v in names.items()}),
        ):
            log.info("run begins")
            ending = await self._carried_out(run)
            log.info("run ends", status=ending.status if ending else "superseded")

    async def _claimed(self, run_id: str) -> Row | None:
        try:
            async with self.database.transaction() as statements:
                run = await statements.row("claim_run", run_id=run_id)
                if run is not None and run["attempt"] == 1 and _begins_anew(run["kwargs"]):
                    await statements.rows(
                        "drop_approvals", thread_id=run["thread_id"], decided_by=None, keep=[]
                    )
                return run
        except psycopg.errors.UniqueViolation as error:
            raise TryAgain("another run of the thread still works", seconds=0.5) from error

    async def _carried_out(self, run: Row) -> Ending | None:
        sink = EventSink(self.database, run["run_id"], run["attempt"], secrets=self.secrets)
        ending = RunEnding(self.database, self.saver, run, sink, self.asking)
        if run["cancel"]:
            return await ending.cancelled(run["cancel"], None)
        graph = self.graphs.get(run["metadata"].get("graph_id") or run["assistant_id"])
        if run["attempt"] > MOST_ATTEMPTS:
            state = await graph.aget_state(_place(run))
            return await ending.failed("WorkerLost", f"{MOST_ATTEMPTS} attempts failed", state)
        mine = ActiveRun(run["attempt"])
        agents = None if run["agents"] is None else frozenset(run["agents"])
        with working_for(Caller(agents=agents)):
            mine.task = asyncio.create_task(self._run_graph(graph, run, sink, mine))
        self.active[run["run_id"]] = mine
        try:
            return await self._ended(graph, run, mine, ending)
        except Superseded:
            return None
        finally:
            self.fence.forget(run["run_id"], run["attempt"])
            if self.active.get(run["run_id"]) is mine:
                del self.active[run["run_id"]]

    async def _ended(
        self, graph: Graph, run: Row, mine: ActiveRun, ending: RunEnding
    ) -> Ending | None:
        try:
            await mine.task
        except asyncio.CancelledError:
            return await self._stopped(graph, run, mine, ending)
        except GraphDrained:
            await ending.requeue()
        except RunTooLong:
            return await ending.timed_out(self.seconds, await graph.aget_state(_place(run)))
        except (*PASSING_ERRORS, Superseded):
            raise
        except Exception as error:
            log.warning("run failed", error=type(error).__name__, exc_info=error)
            state = await graph.aget_state(_place(run))
            return await ending.failed(type(error).__name__, str(error), state)
        state = await graph.aget_state(_place(run))
        if mine.control.drain_requested and is_unfinished(state) and not state.interrupts:
            await ending.requeue()
        return await ending.finished(state)

    async def _stopped(
        self, graph: Graph, run: Row, mine: ActiveRun, ending: RunEnding
    ) -> Ending | None:
        if not mine.task.done():
            await end(mine.task)
        if mine.stopped == "superseded":
            return None
        if mine.stopped == "cancel":
            row = await self.database.row("run", run_id=run["run_id"])
            action = (row or {}).get("cancel") or "interrupt"
            return await ending.cancelled(action, await graph.aget_state(_place(run)))
        return await ending.requeue()

    async def _run_graph(self, graph: Graph, run: Row, sink: EventSink, mine: ActiveRun) -> None:
        kwargs: Mapping[str, Any] = run["kwargs"]
        given, config, go_on = await self._where_to_begin(graph, run, sink)
        modes: list[str] = kwargs["stream_mode"]
        reading = Reading(
            modes,
            bool(kwargs.get("stream_subgraphs")),
            kwargs.get("context"),
            kwargs.get("interrupt_before"),
            kwargs.get("interrupt_after"),
        )
        names = EventNames(modes)
        sink.add("metadata", {"run_id": run["run_id"], "attempt": run["attempt"]})
        await sink.flush()
        if not go_on:
            return
        parts = parts_of(graph, given, config, reading, mine.control)
        async with _at_most(self.seconds), aclosing(parts) as closing:
            async for part in closing:
                mine.stop_if_asked()
                await self._say(part, sink, names)
        await sink.close()

    async def _say(self, part: Part, sink: EventSink, names: EventNames) -> None:
        if part["type"] == "checkpoints" and not part["ns"]:
            sink.checkpoint_id = _checkpoint_id(part["data"])
        for event, data in names.events(part):
            sink.add(event, data)
        if part["type"] in LOOSE:
            sink.flush_soon()
        else:
            await sink.flush()

    async def _where_to_begin(
        self, graph: Graph, run: Row, sink: EventSink
    ) -> tuple[Any, RunnableConfig, bool]:
        """Input and place of this attempt, and whether there is anything left to do."""
        kwargs: Mapping[str, Any] = run["kwargs"]
        config = config_of(run, graph)
        said: dict[str, Any] = kwargs.get("command") or {}
        given = command_of(said) if said else kwargs.get("input")
        resumes = said.get("resume") is not None
        head = await graph.aget_state(_place(run))
        if run["attempt"] == 1:
            if resumes:
                _check_that_it_waits(await graph.aget_state(config), said["resume"])
            return given, config, True
        ours = (head.metadata or {}).get("run_id") == run["run_id"]
        since = _configured(head.config, "checkpoint_id") if ours else None
        sink.checkpoint_id = since
        sink.said_before = await self._said_before(run["run_id"], since)
        if ours:
            # The input is applied already; answers are sent again, and those that arrived are ignored.
            _configurable(config).pop("checkpoint_id", None)
            given = given if resumes else None
        return given, config, not ours or is_unfinished(head)

    async def _said_before(self, run_id: str, since: str | None) -> Counter[tuple[str, str]]:
        rows = await self.database.rows("events_to_repeat", run_id=run_id, checkpoint_id=since)
        return Counter(
            saying(row["event"], row["data"]) for row in rows if row["event"] != "metadata"
        )


@asynccontextmanager
async def _at_most(seconds: float) -> AsyncGenerator[None]:
    """Limit the time; a node's own TimeoutError is left as it is."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise RunTooLong from error
        raise


def _place(run: Row) -> RunnableConfig:
    return RunnableConfig(configurable={"thread_id": run["thread_id"]})


def _configurable(config: RunnableConfig) -> dict[str, Any]:
    return config.setdefault("configurable", {})


def _configured(config: RunnableConfig, name: str) -> str | None:
    return _configurable(config).get(name)


def _checkpoint_id(data: Mapping[str, Any]) -> str | None:
    config: Mapping[str, Any] = data.get("config") or {}
    place: Mapping[str, Any] = config.get("configurable") or {}
    return place.get("checkpoint_id")


def _begins_anew(kwargs: Mapping[str, Any]) -> bool:
    """Whether the run leaves behind whatever its thread waited for."""
    return not kwargs.get("command") and kwargs.get("input") is not None


def _check_that_it_waits(state: StateSnapshot, answers: Mapping[str, Any]) -> None:
    waiting = {one.id for one in state.interrupts}
    gone = [one for one in answers if one not in waiting]
    if gone:
        raise NothingWaits(
            f"the thread no longer waits for {', '.join(gone)}",
            where="resume",
            cure="look at what it waits for now: GET /threads/{thread_id}",
        )
