"""The queue of runs: procrastinate jobs in Postgres, one at a time per thread."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Final, cast

import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from pydantic import SecretStr

from graph.postgres_session import PASSING_ERRORS
from graph.server.database import SESSION, Connection, Database, Pool, Statements
from kb_contract.identifiers import DEFAULT_WORKSPACE

log = structlog.get_logger(__name__)
QUEUE: Final = "runs"
TASK: Final = "run_graph"
HEARTBEAT_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 4.0
# A job that waits for its thread, or that is tried again, comes with no NOTIFY.
FETCH_SECONDS: Final = 0.25
ORPHANED_SECONDS: Final = 5.0

RunTask = Callable[[str], Coroutine[Any, Any, None]]


class TryAgain(Exception):
    """The run is not done, and another attempt may do it: here or in another worker."""

    def __init__(self, why: str, *, seconds: float = 0.0) -> None:
        super().__init__(why)
        self.seconds = seconds


class RetryWhatMayPass(BaseRetryStrategy):
    """Try again what was asked to, and what failed because the database was away."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        del job
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_in=cast("Any", {"seconds": exception.seconds}))
        if isinstance(exception, PASSING_ERRORS):
            return RetryDecision(retry_in={"seconds": 1})
        return None


class FencedJobManager(JobManager):
    """A worker that was taken for dead may wake up: it must not end a job that is another's now."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - procrastinate's signature
        await self.connector.execute_query_async(
            "with mine as (select id from procrastinate_jobs where id = %(id)s and status = 'doing'"
            " and worker_id = %(worker)s for update)"
            " select procrastinate_finish_job_v1(id, %(status)s, %(delete)s) from mine",
            id=job.id,
            worker=job.worker_id,
            status=status.value,
            delete=delete_job,
        )

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await self.connector.execute_query_async(
            "with mine as (select id from procrastinate_jobs where id = %(id)s and status = 'doing'"
            " and worker_id = %(worker)s for update)"
            " select procrastinate_retry_job_v2(id, coalesce(%(at)s, now()), %(priority)s,"
            " %(queue)s, %(lock)s) from mine",
            id=job.id,
            worker=job.worker_id,
            at=retry_at,
            priority=priority,
            queue=queue,
            lock=lock,
        )


def queue_of(workspace: str, name: str = QUEUE) -> str:
    """Name a workspace's own queue: workers of one never take what another asked for."""
    return name if workspace == DEFAULT_WORKSPACE else f"{name}-{workspace}"


def worker_queue(database_url: SecretStr, queue: str, run_task: RunTask) -> App:
    """Make the app of a worker, with connections of its own."""
    connector = PsycopgConnector(
        conninfo=database_url.get_secret_value(),
        kwargs={"options": SESSION},
        min_size=1,
        max_size=4,
    )
    app = App(connector=connector)
    app.job_manager = FencedJobManager(connector)
    app.task(name=TASK, queue=queue, retry=RetryWhatMayPass())(run_task)
    return app


class RunQueue:
    """Puts runs in the queue, in the caller's transaction."""

    def __init__(self, pool: Pool, workspace: str) -> None:
        self._pool = pool
        self._queue = queue_of(workspace)
        self._app = App(connector=PsycopgConnector())

    async def open(self) -> None:
        await self._app.open_async(self._pool)

    async def put(
        self,
        connection: Connection,
        run_id: str,
        thread_id: str,
        *,
        after_seconds: float = 0,
        priority: int = 0,
    ) -> int:
        """Put a run behind the others of its thread; return the job's id."""
        schedule = {"schedule_in": {"seconds": after_seconds}} if after_seconds else {}
        job = self._app.configure_task(
            TASK,
            queue=self._queue,
            lock=thread_id,
            priority=priority,
            connection=connection,
            **cast("Any", schedule),
        )
        return await job.defer_async(run_id=run_id)

    async def revive(self, database: Database) -> int:
        """Give runs whose worker died back to the queue; return how many."""
        stalled = await database.rows(
            "revive_stalled_jobs", queue=self._queue, seconds=STALLED_SECONDS
        )
        async with database.transaction() as statements:
            orphans = await statements.rows("runs_without_job", seconds=ORPHANED_SECONDS)
            for run in orphans:
                await self._put_again(statements, run["run_id"], run["thread_id"])
        if stalled or orphans:
            log.warning("runs given back to the queue", stalled=len(stalled), orphans=len(orphans))
        return len(stalled) + len(orphans)

    async def _put_again(self, statements: Statements, run_id: str, thread_id: str) -> None:
        job_id = await self.put(statements.connection, run_id, thread_id)
        await statements.row("set_job", run_id=run_id, job_id=job_id)
