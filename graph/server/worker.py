"""The process that runs graphs: takes runs from the queue, and gives back what it cannot finish."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final

import psycopg
import structlog
from procrastinate.exceptions import ProcrastinateException
from psycopg_pool import PoolTimeout

from graph.checkpoints import checkpoint_pool
from graph.ending_tasks import end
from graph.server.approval_answering import Answering
from graph.server.approval_keeping import ApprovalKeeping
from graph.server.approval_policy import policies_of
from graph.server.approval_timers import ApprovalTimers
from graph.server.clock import Clock, utc_now
from graph.server.cron_runs import CronRuns
from graph.server.database import Database, server_pool
from graph.server.fence import Fence, FencedSaver
from graph.server.graph_set import GraphFactory, GraphSet
from graph.server.notices.post_office import post_office_of
from graph.server.people_work import PeopleWork
from graph.server.queue import (
    FETCH_SECONDS,
    HEARTBEAT_SECONDS,
    STALLED_SECONDS,
    RunQueue,
    queue_of,
    worker_queue,
)
from graph.server.retention import retention_of
from graph.server.room import room_of
from graph.server.run_creation import RunDesk
from graph.server.run_execution import RunExecution
from graph.server.run_webhooks import RunWebhooks
from graph.server.signals import CONTROL, Signals
from graph.server.thread_forgetting import ThreadForgetting
from graph.settings import ReaderSettings
from kb_contract.kept_secrets import KeptSecrets, secrets_of

log = structlog.get_logger(__name__)
WATCH_SECONDS: Final = 1.0
DRAIN_SECONDS: Final = 10.0
# Beyond the question's own limit the run is ended from outside.
MARGIN_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Worker:
    """One worker: several runs at a time, a watch over them, and over those that others lost."""

    settings: ReaderSettings
    database: Database
    queue: RunQueue
    execution: RunExecution
    stopping: asyncio.Event
    people: PeopleWork

    async def run(self) -> None:
        """Work until asked to stop; then let runs stop at a safe place and give them back."""
        async with asyncio.TaskGroup() as group:
            side = [
                group.create_task(self._watch_always()),
                group.create_task(self._revive_always()),
                group.create_task(self.people.run(self.stopping)),
            ]
            try:
                await self._work_always()
            finally:
                await end(*side)

    async def _work_always(self) -> None:
        queue = queue_of(self.settings.workspace_id)
        while not self.stopping.is_set():
            app = worker_queue(self.settings.database_url, queue, self.execution.execute)
            try:
                async with app.open_async():
                    work = asyncio.create_task(
                        app.run_worker_async(
                            queues=[queue],
                            concurrency=self.settings.worker_concurrency,
                            fetch_job_polling_interval=FETCH_SECONDS,
                            update_heartbeat_interval=HEARTBEAT_SECONDS,
                            stalled_worker_timeout=STALLED_SECONDS,
                            shutdown_graceful_timeout=DRAIN_SECONDS,
                            install_signal_handlers=False,
                        )
                    )
                    await self._until_done_or_stopped(work)
            except (psycopg.Error, PoolTimeout, ProcrastinateException) as error:
                log.warning("the queue is out of reach", error=str(error)[:200])
            if not self.stopping.is_set():
                await asyncio.sleep(WATCH_SECONDS)

    async def _until_done_or_stopped(self, work: asyncio.Task[None]) -> None:
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not work.done():
            for run in self.execution.active.values():
                run.control.request_drain()
            await end(work, again_after=2 * DRAIN_SECONDS)
        with contextlib.suppress(asyncio.CancelledError):
            await work

    async def _watch_always(self) -> None:
        """See what NOTIFY may have missed: cancelled runs, and newer attempts elsewhere."""
        while True:
            try:
                await self.watch()
            except (psycopg.Error, PoolTimeout) as error:
                log.warning("runs could not be watched", error=str(error)[:200])
            await asyncio.sleep(WATCH_SECONDS)

    async def watch(self) -> None:
        """Stop runs of ours that were cancelled or that are another worker's by now."""
        active = dict(self.execution.active)
        if not active:
            return
        looked = time.monotonic()
        rows = await self.database.rows("watch_runs", run_ids=list(active))
        known = {row["run_id"]: row for row in rows}
        for run_id, run in active.items():
            row = known.get(run_id)
            if row is None or row["attempt"] != run.attempt or row["status"] != "running":
                run.stop("superseded")
            elif row["cancel"]:
                run.stop("cancel")
            else:
                self.execution.fence.seen(run_id, run.attempt, at=looked)

    async def _revive_always(self) -> None:
        while True:
            try:
                await self.queue.revive(self.database)
            except (psycopg.Error, PoolTimeout, ProcrastinateException) as error:
                log.warning("lost runs could not be looked for", error=str(error)[:200])
            await asyncio.sleep(WATCH_SECONDS)


@asynccontextmanager
async def open_worker(
    settings: ReaderSettings,
    factories: Mapping[str, GraphFactory],
    stopping: asyncio.Event,
    *,
    now: Clock = utc_now,
) -> AsyncGenerator[Worker]:
    """Open what a worker stands on."""
    url, workspace = settings.database_url, settings.workspace_id
    size = 2 * settings.worker_concurrency + 2
    async with (
        server_pool(url, largest=size) as pool,
        checkpoint_pool(url.get_secret_value(), largest=size) as checkpoints,
    ):
        database, queue = Database(pool, workspace), RunQueue(pool, workspace)
        fence = Fence(database)
        saver = FencedSaver(checkpoints, fence)
        await saver.setup()
        await queue.open()
        graphs = GraphSet.compiled(factories, saver)
        secrets = KeptSecrets.of(secrets_of(settings))
        execution = RunExecution(
            database,
            graphs,
            saver,
            fence,
            settings.query_timeout + MARGIN_SECONDS,
            ApprovalKeeping(policies_of(settings), workspace, now),
            # Words of documents stay as they are: quotes are held against them.
            replace(secrets, shapes=()),
        )
        private = settings.notify_private_addresses
        desk = RunDesk(database, queue, graphs, saver, now, room_of(settings), private, secrets)
        people = _people(settings, database, desk)
        worker = Worker(settings, database, queue, execution, stopping, people)
        looked = set[asyncio.Task[None]]()

        def on_message(_: str, run_id: str) -> None:
            if run_id in execution.active:
                looked.add(task := asyncio.ensure_future(worker.watch()))
                task.add_done_callback(looked.discard)

        async with Signals(url, [CONTROL], on_message).listening():
            yield worker


def _people(settings: ReaderSettings, database: Database, desk: RunDesk) -> PeopleWork:
    """What is done beside runs, by the same clock."""
    post_office = post_office_of(settings, database)
    answering = Answering(database, desk, desk.graphs)
    webhooks = RunWebhooks(database, desk.graphs, post_office.webhooks, desk.now)
    return PeopleWork(
        settings.database_url,
        database,
        ApprovalTimers(database, answering, desk.now),
        post_office,
        {
            "start_crons": CronRuns(database, desk, desk.now).start_due,
            "call_webhooks": webhooks.call_due,
            "forget_threads": ThreadForgetting(database, desk.saver, desk.now).forget_due,
            "keep_so_long": retention_of(settings, database, desk.now).when_due,
        },
    )


@contextmanager
def stop_on_signals(stopping: asyncio.Event) -> Generator[None]:
    """Set the event on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    try:
        yield
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)


async def work(settings: ReaderSettings, factories: Mapping[str, GraphFactory]) -> None:
    """Run a worker until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    async with open_worker(settings, factories, stopping) as worker:
        with stop_on_signals(stopping):
            log.info("worker ready", concurrency=settings.worker_concurrency, pid=os.getpid())
            await worker.run()
    log.info("worker stopped")
