"""Which runs bring an agent to what git says, whichever way they were launched."""

from typing import Final

import dagster as dg

from dagster_kb.origins import PAUSED, SKIPPED
from dagster_kb.upkeep.evaluations import SERVED

REFRESH: Final = "refresh_knowledge"
PARTITION: Final = "dagster/partition"
# An order is not counted among the runs of its agent: it may be about the very one that is under way.
ORDERED: Final = "kb/ordered"
# How a run says which agent it is about: refreshes by the first, retirements by the second.
AGENT_TAGS: Final = (PARTITION, "kb/agent", ORDERED)
# What Dagster calls a run of assets that were chosen on its pages, a backfill's among them.
CHOSEN_ON_PAGES: Final = "__ASSET_JOB"
FINISHED: Final = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_UNDER_WAY: Final = [one for one in dg.DagsterRunStatus if one not in FINISHED]


def is_refresh(run: dg.DagsterRun) -> bool:
    """Whether it builds something of one agent, all of it or a part."""
    return run.job_name in (REFRESH, CHOSEN_ON_PAGES) and PARTITION in run.tags


def is_skipped(run: dg.DagsterRun) -> bool:
    """Whether it ended well and did nothing; one that is executed anew has its tags, and may fail."""
    return run.is_success and run.tags.get(SKIPPED) == PAUSED


def is_whole(run: dg.DagsterRun) -> bool:
    """Whether it goes as far as going live, so that its success says that all works again."""
    chosen = run.asset_selection
    if is_skipped(run):
        return False
    return is_refresh(run) and (not chosen or dg.AssetKey(SERVED) in chosen)


def being_built(instance: dg.DagsterInstance) -> set[str]:
    """Agents that a run builds, or is about to."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))
    return {one.tags[PARTITION] for one in runs if is_refresh(one)}
