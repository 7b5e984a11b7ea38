"""The gates as asset checks: what people see, and what stops a run before its swap."""

from typing import Any, Final

import dagster as dg

from dagster_kb.alias_moves import serves_nothing
from dagster_kb.assets.story import RETRY
from dagster_kb.collection_evidence import CollectionEvidence, sighting
from dagster_kb.partitions import agents
from dagster_kb.release_checks import GATES, Gate, Json, Verdict
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation

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
