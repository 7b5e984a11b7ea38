"""After an agent went live: what its new documents name is looked for, by a run of its own."""

from collections.abc import Iterator

import dagster as dg

from dagster_kb.assets.entities import link_entities
from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.resources.ledger import Ledger
from dagster_kb.upkeep.refreshes import is_refresh


@dg.run_status_sensor(
    name="new_names",
    run_status=dg.DagsterRunStatus.SUCCESS,
    request_job=link_entities,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has the documents looked through that just went live and never were.",
)
def new_names(
    context: dg.RunStatusSensorContext,
    ledger: dg.ResourceParam[Ledger],
    extraction: dg.ResourceParam[ExtractionDesk],
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for a run where a document waits; a run that changed nothing asks for none."""
    agent = context.partition_key if is_refresh(context.dagster_run) else None
    live = ledger.generations.live(agent) if agent else None
    if (
        agent is None
        or live is None
        or not ledger.entities.waiting(
            live, "entity_links", extraction.names_by(live.manifest).whole
        )
    ):
        yield dg.SkipReason("every live document was looked through")
        return
    yield dg.RunRequest(
        run_key=f"{agent}/{live.generation_id}/{extraction.names_by(live.manifest).whole}",
        partition_key=agent,
    )
