"""What Dagster remembers of old runs goes; what its pages show of today stays."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import delete, func, select

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.partitions import AGENTS
from dagster_kb.settings import WriterSettings
from dagster_kb.upkeep.refreshes import AGENT_TAGS

PURGE: Final = "purge_runs"
# After the night's looks at every agent.
PURGE_CRON: Final = "30 5 * * *"
PAGE: Final = 100
# The rest waits for the next night, so that one never runs for hours.
RUNS_IN_A_PURGE: Final = 2000
ENDED: Final = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)


@dataclass(frozen=True)
class Purge:
    """Deletes runs that ended long ago, unless a page still leans on them."""

    instance: dg.DagsterInstance
    days: int
    newest: int
    at_most: int = RUNS_IN_A_PURGE

    def run(self, now: float) -> int:
        """Return how many runs were deleted."""
        before = datetime.fromtimestamp(now, UTC) - timedelta(days=self.days)
        kept = self._shown()
        newest: dict[tuple[str, str], set[str]] = {}
        deleted = 0
        for run in self._ended(before):
            if run.run_id in kept or run.run_id in self._newest(run, newest):
                continue
            self._delete(run.run_id)
            deleted += 1
            if deleted >= self.at_most:
                break
        return deleted

    def _ended(self, before: datetime) -> Iterator[dg.DagsterRun]:
        """Oldest first; the next page is asked for while the last run of this one is still there."""
        asked = dg.RunsFilter(statuses=list(ENDED), created_before=before)
        page = self.instance.get_runs(asked, limit=PAGE, ascending=True)
        while page:
            last = page[-1].run_id
            following = self.instance.get_runs(asked, cursor=last, limit=PAGE, ascending=True)
            yield from page
            page = following

    def _shown(self) -> set[str]:
        """Runs that made what any asset's page shows of an agent now."""
        present = self.instance.get_dynamic_partitions(AGENTS)
        found: set[str] = set()
        for asset in self.instance.all_asset_keys():
            for agent in present:
                wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[agent])
                newest = self.instance.fetch_materializations(wanted, limit=1).records
                found.update(one.run_id for one in newest)
        return found

    def _newest(self, run: dg.DagsterRun, known: dict[tuple[str, str], set[str]]) -> set[str]:
        """The newest runs about the same agent."""
        about = next(((tag, run.tags[tag]) for tag in AGENT_TAGS if tag in run.tags), None)
        if about is None:
            return set()
        if about not in known:
            asked = dg.RunsFilter(tags=dict([about]))
            known[about] = {one.run_id for one in self.instance.get_runs(asked, limit=self.newest)}
        return known[about]

    def _delete(self, run_id: str) -> None:
        """The run itself goes last, so that a crash leaves something to go on from."""
        self.instance.compute_log_manager.delete_logs(prefix=[run_id])
        _delete_checks(self.instance, run_id)
        self.instance.event_log_storage.delete_events(run_id)
        self.instance.delete_run(run_id)


def _delete_checks(instance: dg.DagsterInstance, run_id: str) -> None:
    """Dagster leaves a deleted run's checks behind; the newest of each agent is shown, and stays."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return
    rows = AssetCheckExecutionsTable.c
    same = (rows.asset_key, rows.check_name, rows.partition)
    mine = select(*same).where(rows.run_id == run_id)
    with storage.index_connection() as connection:
        newest = [
            connection.execute(
                select(func.max(rows.id)).where(
                    rows.asset_key == asset,
                    rows.check_name == name,
                    rows.partition.is_not_distinct_from(partition),
                )
            ).scalar()
            for asset, name, partition in connection.execute(mine).fetchall()
        ]
        connection.execute(
            delete(AssetCheckExecutionsTable).where(
                rows.run_id == run_id, rows.id.not_in([one for one in newest if one is not None])
            )
        )


def purge_job(settings: WriterSettings) -> dg.JobDefinition:
    """Make the job that deletes old runs."""

    @dg.op(
        retry_policy=RETRY,
        description="Deletes runs that ended long ago, with their events and logs.",
    )
    def delete_old_runs(context: dg.OpExecutionContext) -> None:
        purge = Purge(context.instance, settings.keep_runs_days, settings.keep_runs)
        with clear_failures():
            deleted = purge.run(time.time())
        context.log.info("%d runs deleted, with their events and logs", deleted)
        context.add_output_metadata({"runs_deleted": deleted})

    @dg.job(
        name=PURGE,
        description=f"Deletes runs older than {settings.keep_runs_days} days, with their events and "
        f"logs. What made an agent's present state stays, and each agent's last {settings.keep_runs}.",
    )
    def purge_runs() -> None:
        delete_old_runs()

    return purge_runs


def purge_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Make its schedule."""
    return dg.ScheduleDefinition(
        name="purge_runs_nightly",
        job=job,
        cron_schedule=PURGE_CRON,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Deletes what Dagster remembers of old runs.",
    )
