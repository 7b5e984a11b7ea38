"""What a worker does beside runs: it tends approvals, starts crons, and tells people and servers elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from psycopg_pool import PoolTimeout
from pydantic import SecretStr

from graph.postgres_session import PASSING_ERRORS
from graph.server.approval_timers import ApprovalTimers
from graph.server.database import SESSION, Connection, Database
from graph.server.notices.post_office import PostOffice, TryLater
from graph.server.queue import HEARTBEAT_SECONDS, STALLED_SECONDS, FencedJobManager, queue_of

log = structlog.get_logger(__name__)
PEOPLE: Final = "people"
TEND: Final = "tend_approvals"
SEND: Final = "send_notice"
EVERY_FIVE_SECONDS: Final = "* * * * * */5"
RETRY_SECONDS: Final = (2, 10, 60, 300, 1800, 7200, 21_600)
AGAIN_SECONDS: Final = 1.0
Chore = Callable[[], Awaitable[object]]


class RetrySlower(BaseRetryStrategy):
    """Longer and longer between attempts; the outbox says when it was the last."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if not isinstance(exception, (TryLater, *PASSING_ERRORS)):
            return None
        wait = RETRY_SECONDS[min(job.attempts, len(RETRY_SECONDS) - 1)]
        return RetryDecision(retry_in={"seconds": wait})


@dataclass(frozen=True)
class PeopleWork:
    """A queue of its own, so that a slow webhook keeps no run waiting."""

    database_url: SecretStr
    database: Database
    timers: ApprovalTimers
    post_office: PostOffice
    chores: Mapping[str, Chore] = field(default_factory=dict[str, Chore])
    """Done at every look; one that fails keeps no other from being done."""
    cron: str | None = EVERY_FIVE_SECONDS
    """When to look; None: only when `tend` is called."""

    @property
    def queue(self) -> str:
        return queue_of(self.database.workspace, PEOPLE)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until cancelled; whatever was cut off is taken up by the next worker."""
        # A queue that fails while it is cancelled says only that it failed.
        while not stopping.is_set():
            try:
                await self._work()
            except (psycopg.Error, PoolTimeout, ProcrastinateException) as error:
                log.warning("approvals cannot be tended", error=str(error)[:200])
            await asyncio.sleep(AGAIN_SECONDS)

    async def tend(self) -> None:
        """One look at the clock and at the audit."""
        await self.database.rows("revive_stalled_jobs", queue=self.queue, seconds=STALLED_SECONDS)
        await self.timers.tend()

    async def _work(self) -> None:
        connector = PsycopgConnector(
            conninfo=self.database_url.get_secret_value(),
            kwargs={"options": SESSION},
            min_size=1,
            max_size=3,
        )
        app = App(connector=connector)
        app.job_manager = FencedJobManager(connector)
        self._tasks(app)
        async with app.open_async():
            await app.run_worker_async(
                queues=[self.queue],
                concurrency=4,
                delete_jobs="successful",
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=1.0,
                install_signal_handlers=False,
            )

    def _tasks(self, app: App) -> None:
        async def send_notice(notice_id: int) -> None:
            await self.post_office.deliver(notice_id)

        async def put(connection: Connection, notice_id: int) -> int:
            job = app.configure_task(SEND, queue=self.queue, connection=connection)
            return await job.defer_async(notice_id=notice_id)

        async def tend_approvals(timestamp: int) -> None:
            del timestamp
            await self.tend()
            await self.post_office.collect(put)

        app.task(name=SEND, queue=self.queue, retry=RetrySlower())(send_notice)
        self._by_the_clock(app, TEND, tend_approvals)
        for name, chore in self.chores.items():
            self._by_the_clock(app, name, _as_task(chore))

    def _by_the_clock(self, app: App, name: str, work: Callable[[int], Awaitable[None]]) -> None:
        task = app.task(name=name, queue=self.queue, queueing_lock=f"{name} {self.queue}")(work)
        if self.cron is not None:
            app.periodic(cron=self.cron, periodic_id=self.queue)(task)


def _as_task(chore: Chore) -> Callable[[int], Awaitable[None]]:
    async def work(timestamp: int) -> None:
        del timestamp
        await chore()

    return work
