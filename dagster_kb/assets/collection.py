"""collection: the inactive colour, holding exactly the manifest; and the checks of it."""

from typing import Any

import dagster as dg

from dagster_kb.assets.embeddings import AHEAD
from dagster_kb.assets.story import RETRY, Story
from dagster_kb.partitions import agents
from dagster_kb.publishing.alias_moves import serves_nothing
from dagster_kb.publishing.collection_audit import look_of
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.publishing.colour_sync import Synced
from dagster_kb.publishing.publication import Publication
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.calibration import OwnQuestions


@dg.asset(
    deps=["embeddings"],
    partitions_def=agents,
    kinds={"qdrant"},
    retry_policy=RETRY,
)
def collection(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
    progress: dg.ResourceParam[Progress],
    story: dg.ResourceParam[Story],
    publication: dg.ResourceParam[Publication],
) -> dg.MaterializeResult[Any]:
    """Bring the inactive colour to the manifest by writing the difference only."""
    with story.of(context) as told:
        generation = told.generation()
        synced: Synced | None = None
        if generation.state == "live":  # a deletion by hand may have been killed before it counted
            ledger.terms.count(generation)
        if generation.state != "live" and not serves_nothing(ledger, generation):
            publication.canary.before_building(generation.agent_id, context.run.run_id)
            ledger.terms.count(generation)
            synced = CollectionSync(ledger, store, told.stages).run(
                generation,
                lambda done, total: progress(generation.agent_id, "writing", done, total),
                look_of(context.run.run_config),
            )
            now = ledger.generations.by_id(generation.generation_id)
            generation = publication.asking_itself.of(now)
        ahead = _written_ahead(context) if synced and synced.kept else 0
        return told.result(
            generation,
            version=f"{generation.collection}@{generation.manifest_digest}",
            goes_on_in="live_alias",
            **{"dagster/row_count": generation.chunks},
            points_written=synced.written + ahead if synced else 0,
            points_deleted=synced.deleted if synced else 0,
            points_kept=synced.kept - ahead if synced else generation.chunks,
            recreated=synced.recreated if synced else False,
            **_looked(synced),
            **_asked(generation.own_questions),
            indexed_collection=generation.collection or "",
            colour=generation.colour or "",
            **told.links.collection(store.url, generation.collection or ""),
        )


def _written_ahead(context: dg.AssetExecutionContext) -> int:
    """How many points `embeddings` wrote in this run while it embedded: nobody kept them from before."""
    wanted = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey("embeddings"), asset_partitions=[context.partition_key]
    )
    newest = next(iter(context.instance.fetch_materializations(wanted, limit=1).records), None)
    if newest is None or newest.run_id != context.run.run_id or not newest.asset_materialization:
        return 0
    return int(newest.asset_materialization.metadata[AHEAD].value)  # pyright: ignore[reportArgumentType]


def _looked(synced: Synced | None) -> dict[str, Any]:
    """How the collection was looked at, when it was."""
    if synced is None:
        return {}
    return {"points_looked_at": synced.audit.points_read, "looked_at": synced.audit.way}


def _asked(own: OwnQuestions | None) -> dict[str, Any]:
    """Say from where on it may answer, and why, where that was measured."""
    if own is None:
        return {}
    middle = {} if own.middle is None else {"sure_of_own_questions": own.middle}
    return {"own_questions": own.asked, "quoted_from": own.quoted_from, **middle}
