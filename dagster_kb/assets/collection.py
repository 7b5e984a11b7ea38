"""collection: the inactive colour, holding exactly the manifest; and the checks of it."""

import time
from typing import Any

import dagster as dg

from dagster_kb.alias_moves import serves_nothing
from dagster_kb.assets.chunks import generation_of_run
from dagster_kb.assets.story import RETRY, asset_stages, clear_failures, facts, next_asset
from dagster_kb.collection_sync import CollectionSync, Synced
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.telemetry import Telemetry


@dg.asset(
    deps=["embeddings"],
    partitions_def=agents,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"qdrant"},
    code_version="1",
    retry_policy=RETRY,
)
def collection(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
    progress: dg.ResourceParam[Progress],
    telemetry: dg.ResourceParam[Telemetry],
) -> dg.MaterializeResult[Any]:
    """Bring the inactive colour to the manifest by writing the difference only."""
    began = time.perf_counter()
    with clear_failures(), asset_stages(telemetry, context) as stages:
        generation = generation_of_run(ledger, context)
        stages.about(generation)
        synced: Synced | None = None
        if generation.state != "live" and not serves_nothing(generation):
            synced = CollectionSync(ledger, store, stages).run(
                generation,
                lambda done, total: progress(generation.agent_id, "writing", done, total),
            )
            generation = ledger.generations.by_id(generation.generation_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"{generation.collection}@{generation.manifest_digest}"),
        metadata={
            "dagster/row_count": generation.chunks,
            "points_written": synced.written if synced else 0,
            "points_deleted": synced.deleted if synced else 0,
            "points_kept": synced.kept if synced else generation.chunks,
            "recreated": synced.recreated if synced else False,
            "collection": generation.collection or "",
            "colour": generation.colour or "",
            "page": dg.MetadataValue.url(f"{store.url}/collections/{generation.collection}"),
            **facts(generation),
            "seconds": time.perf_counter() - began,
            **next_asset("live_alias"),
        },
    )
