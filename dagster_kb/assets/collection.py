"""collection: the inactive colour, holding exactly the manifest; and the checks of it."""

import time
from typing import Any, Final

import dagster as dg

from dagster_kb.alias_moves import serves_nothing
from dagster_kb.assets.chunks import generation_of_run
from dagster_kb.assets.story import RETRY, asset_stages, clear_failures, facts, next_asset
from dagster_kb.collection_evidence import CollectionEvidence, sighting
from dagster_kb.collection_sync import CollectionSync, Synced
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.release_checks import GATES, Gate, Json, Verdict
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.telemetry import Telemetry
from kb_contract.generation import Generation


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


NOTHING: Final = "nothing is published, so nothing is served and there is nothing to check"


def _check(gate: Gate) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="collection",
        name=gate.name,
        description=gate.asks,
        blocking=True,
        partitions_def=agents,
        retry_policy=RETRY,
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        ledger: dg.ResourceParam[Ledger],
        store: dg.ResourceParam[VectorStore],
        embedder: dg.ResourceParam[Embedder],
    ) -> dg.AssetCheckResult:
        agent = context.partition_key
        generation = ledger.generations.of_run(agent, context.run.run_id)
        if generation is not None and serves_nothing(generation):
            return _result(Verdict(passed=True, description=NOTHING))
        if generation is None or not generation.collection:
            return _result(Verdict(passed=False, description="there is no collection to look at"))
        if generation.state == "live":
            return _recorded(generation, gate)
        seen = sighting(ledger, generation, context.run.run_id)
        evidence = CollectionEvidence(generation, generation.collection, ledger, store, embedder)
        verdict = gate.look(evidence)
        record(ledger, generation, gate, verdict, seen)
        return _result(verdict)

    return check


checks = [_check(gate) for gate in GATES]


def record(
    ledger: Ledger, generation: Generation, gate: Gate, verdict: Verdict, seen: Json | None
) -> None:
    """Keep a verdict; a collection that is not what it should be is not built upon again."""
    ledger.generations.record_check(
        generation.generation_id, gate.name, {**verdict.as_json(), "seen": seen}, gates=len(GATES)
    )
    if not verdict.passed and gate.doubts_collection:
        ledger.aliases.doubt(generation)


def _recorded(generation: Generation, gate: Gate) -> dg.AssetCheckResult:
    """Nothing changed, so what was found before the swap still holds."""
    kept: dict[str, Any] | None = generation.checks.get(gate.name)
    if kept is None:
        return _result(Verdict(passed=False, description="this was never checked"))
    verdict = Verdict(kept["passed"], kept["description"], kept["facts"])
    return _result(verdict, {"from_generation": generation.number})


def _result(verdict: Verdict, also: dict[str, Any] | None = None) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=verdict.passed,
        description=verdict.description,
        metadata={**verdict.facts, **(also or {})},
    )
