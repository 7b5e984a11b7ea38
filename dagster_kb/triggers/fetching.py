"""Fetching a repository elsewhere when that takes longer than a tick of the sensor has."""

import time
from typing import Final

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.remote_repository import FetchTooSlow
from dagster_kb.upkeep.refreshes import FINISHED
from dagster_kb.upkeep.retirement import QUICK_ATTEMPTS

FETCH: Final = "fetch_knowledge"
_TIP: Final = "kb/fetched_commit"


@dg.op(retry_policy=RETRY)
def fetch_repository(
    context: dg.OpExecutionContext, folder: dg.ResourceParam[KnowledgeFolder]
) -> None:
    """Bring the mirror to the branch's newest commit."""
    with clear_failures():
        context.log.info("fetched %s of %s", folder.head().sha, folder)


@dg.job(name=FETCH, description="Fetch the knowledge repository, when it is large or far away.")
def fetching() -> None:
    """One op."""
    fetch_repository()


def fetch_request(
    instance: dg.DagsterInstance, slow: FetchTooSlow
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run that fetches, once; a commit that cannot be had is asked for hourly."""
    about = {_TIP: slow.tip}
    known = instance.get_runs(dg.RunsFilter(job_name=FETCH, tags=about))
    if any(one.status not in FINISHED for one in known):
        return dg.SkipReason(f"{slow}; a run of {FETCH} fetches it")
    many = len(known) >= QUICK_ATTEMPTS
    attempt = f"hour-{int(time.time()) // 3600}" if many else str(len(known))
    return dg.SensorResult(
        run_requests=[dg.RunRequest(f"fetch {slow.tip}+{attempt}", job_name=FETCH, tags=about)]
    )
