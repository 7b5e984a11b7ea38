"""What a run held that somebody stopped: the next one takes it over, or it is given up."""

from itertools import dropwhile, takewhile
from typing import Final

import dagster as dg

from dagster_kb.resources.ledger import Ledger
from dagster_kb.upkeep.refreshes import PARTITION, is_refresh, is_skipped

WHY: Final = "it was stopped in Dagster; what was embedded is kept"
# Runs of other jobs, such as looking for names, may come after it.
LOOKED_AT: Final = 20
_ENDED_BADLY: Final = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def end_stopped(instance: dg.DagsterInstance, ledger: Ledger, stopped: dg.DagsterRun) -> None:
    """Give up what it held, unless another run took that over or goes on, or it is live.

    Texts stay embedded.
    """
    if is_refresh(stopped) and not _goes_on(instance, stopped):
        ledger.generations.fail_dagster_run(stopped.run_id, WHY)


def end_stopped_before(instance: dg.DagsterInstance, ledger: Ledger, over: dg.DagsterRun) -> None:
    """Give up what was stopped before a run that is over and took nothing over: it waited for that."""
    if not is_refresh(over):
        return
    since = dropwhile(lambda one: one.run_id != over.run_id, _newest_first(instance, over))
    for one in since:
        if one.status is dg.DagsterRunStatus.CANCELED and one.run_id != over.run_id:
            end_stopped(instance, ledger, one)


def later_runs(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterRun]:
    """Refreshes of its agent that were asked for since."""
    return list(takewhile(lambda one: one.run_id != run.run_id, _newest_first(instance, run)))


def _goes_on(instance: dg.DagsterInstance, stopped: dg.DagsterRun) -> bool:
    """Whether its steps are executed anew: those that stage nothing do not take over what it held."""
    later = later_runs(instance, stopped)
    return any(one.status not in _ENDED_BADLY and not is_skipped(one) for one in later)


def _newest_first(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterRun]:
    agent = dg.RunsFilter(tags={PARTITION: run.tags[PARTITION]})
    return [one for one in instance.get_runs(agent, limit=LOOKED_AT) if is_refresh(one)]
