"""Runs that a command had in its own process, and that ended with it: on whichever host it was."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from dagster_kb.resources.command_life import is_alive
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.settings import WriterSettings
from dagster_kb.upkeep.looks import skips_what_is_away

PROCESS: Final = "kb/process"
# A command takes its lock anew when Postgres was restarted; so long it may look dead.
PATIENCE: Final = 15.0
_UNDER_WAY: Final = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def runs_of_commands(instance: dg.DagsterInstance) -> list[tuple[str, dg.DagsterRun]]:
    """Each run of a command that has not ended, with what it says of its process."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))
    return [(run.tags[PROCESS], run) for run in runs if PROCESS in run.tags]


def dead_runs(instance: dg.DagsterInstance, database: LedgerDatabase) -> list[dg.DagsterRun]:
    """Runs whose command holds its lock no longer."""
    return [run for said, run in runs_of_commands(instance) if not is_alive(database, said)]


def end_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Say that it ended, and free what it held: the next run of that agent waits for both."""
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, "canceled; the command that ran it was killed")
    else:
        instance.report_run_failed(run, "the command that ran it was killed")
    if instance.event_log_storage.supports_global_concurrency_limits:
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def parted(
    dead: Sequence[str], seen: Mapping[str, float], now: float
) -> tuple[list[str], dict[str, float]]:
    """Pure: runs that looked dead for long enough, and since when the others do."""
    since = {one: seen.get(one, now) for one in dead}
    over = [one for one in dead if now - since[one] >= PATIENCE]
    return over, {one: first for one, first in since.items() if one not in over}


def dead_commands_sensor(settings: WriterSettings) -> dg.SensorDefinition:
    """Make the sensor; it looks as often as the one over git."""

    @dg.sensor(
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ends runs of `kb ingest` commands that were killed, so that no agent waits for them.",
    )
    @skips_what_is_away
    def dead_commands(
        context: dg.SensorEvaluationContext, ledger: dg.ResourceParam[Ledger]
    ) -> dg.SkipReason:
        found = {one.run_id: one for one in dead_runs(context.instance, ledger.database)}
        over, waiting = parted(list(found), json.loads(context.cursor or "{}"), time.time())
        for one in over:
            end_run(context.instance, found[one])
            context.log.warning("run %s: the command that ran it was killed", one)
        context.update_cursor(json.dumps(waiting))
        return dg.SkipReason(f"{len(over)} run(s) of killed commands ended")

    return dead_commands
