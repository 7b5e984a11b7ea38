"""Every night: what nobody can go back to any more is deleted, in a job that Dagster shows."""

from typing import Final

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.settings import WriterSettings
from dagster_kb.upkeep.retention import Retention

RETENTION: Final = "retention"


@dg.op(retry_policy=RETRY)
def delete_what_is_old(
    context: dg.OpExecutionContext, retention: dg.ResourceParam[Retention]
) -> None:
    """Delete what nobody can go back to any more."""
    with clear_failures():
        went = retention.run()
    context.log.info("went: %s", went.as_json())
    context.add_output_metadata({
        "generations": sum(len(one) for one in went.generations.values()),
        "documents": went.documents, "chunks": went.chunks, "vectors": went.embeddings,
        "runs": went.runs, "megabytes": round(went.bytes / 1e6, 3),
        "what": dg.MetadataValue.json(went.as_json()),
    })  # fmt: skip


@dg.job(name=RETENTION, description="Delete what nobody can go back to any more.")
def retention_job() -> None:
    """One op."""
    delete_what_is_old()


def retention_schedule(settings: WriterSettings) -> dg.ScheduleDefinition:
    """Make the schedule; it comes after the nightly look at everything."""
    return dg.ScheduleDefinition(
        name="retention_nightly",
        job=retention_job,
        cron_schedule=settings.retention_cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Forgets every night what no retained generation holds; what is pinned stays.",
    )
