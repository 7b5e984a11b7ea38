"""live_alias: what readers answer from."""

import time
from dataclasses import dataclass
from typing import Any

import dagster as dg

from dagster_kb.alias_moves import (
    aliases_of,
    reconcile_agent,
    serves_nothing,
    swap,
    withdraw,
)
from dagster_kb.assets.checks import record
from dagster_kb.assets.chunks import generation_of_run
from dagster_kb.assets.story import RETRY, asset_stages, clear_failures, facts, markdown_table
from dagster_kb.collection_evidence import CollectionEvidence, sighting
from dagster_kb.collection_sync import still_wanted
from dagster_kb.partitions import GROUP, OWNERS, agents
from dagster_kb.release_checks import GATES, Json, Verdict
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.telemetry import Telemetry
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation


@dg.asset(
    deps=["collection"],
    partitions_def=agents,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"qdrant", "postgres"},
    code_version="1",
    retry_policy=RETRY,
)
def live_alias(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
    embedder: dg.ResourceParam[Embedder],
    telemetry: dg.ResourceParam[Telemetry],
) -> dg.MaterializeResult[Any]:
    """Move the alias, if every gate passes here and now: a check blocks only its own run."""
    began = time.perf_counter()
    with clear_failures(), asset_stages(telemetry, context, last=True) as stages:
        generation = generation_of_run(ledger, context)
        stages.about(generation)
        with ledger.agent_lock(generation.agent_id):
            Publication(ledger, store, embedder).run(generation, context.run.run_id)
        generation = ledger.generations.by_id(generation.generation_id)
        stages.say("published", state=generation.state, collection=generation.collection or "")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(f"generation {generation.number}"),
        metadata={
            "dagster/row_count": generation.chunks,
            "aliases": ", ".join(aliases_of(ledger.workspace, generation.agent_id)),
            "served": generation.state == "live",
            "collection": generation.collection or "",
            "colour": generation.colour or "",
            "documents": generation.documents,
            "quarantined": generation.quarantined,
            "live_since": str(generation.live_at),
            "checks": markdown_table(
                ("gate", "passed", "found"),
                [[name, one["passed"], one["description"]]
                 for name, one in generation.checks.items()],
            ),
            **facts(generation),
            "seconds": time.perf_counter() - began,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Publication:
    """The last step of a generation: it goes live, or its agent ends; the caller holds the lock."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def run(self, generation: Generation, dagster_run: str) -> None:
        now = self.ledger.generations.by_id(generation.generation_id)
        if serves_nothing(now) and now.state == "retired":
            withdraw(self.ledger, self.store, now, dagster_run)
            return
        now = still_wanted(self.ledger, now)
        if now.state == "live":
            reconcile_agent(self.ledger, self.store, now.agent_id)
        elif serves_nothing(now):
            withdraw(self.ledger, self.store, now, dagster_run)
        else:
            pass_gates(self.ledger, self.store, self.embedder, now, dagster_run)
            swap(self.ledger, self.store, now, dagster_run)


def pass_gates(
    ledger: Ledger, store: VectorStore, embedder: Embedder, generation: Generation, dagster_run: str
) -> None:
    """Ask every gate again, and refuse when one does not pass; the caller holds the lock."""
    if not generation.collection:
        raise GateRefused(
            f"generation {generation.number} lies in no collection",
            where=generation.agent_id, cure="materialise `collection` first",
        )  # fmt: skip
    evidence = CollectionEvidence(generation, generation.collection, ledger, store, embedder)
    seen = sighting(ledger, generation, dagster_run)
    failed: dict[str, Verdict] = {}
    for gate in GATES:
        if gate.reads_all and _stands(generation.checks.get(gate.name), seen):
            continue
        verdict = gate.look(evidence)
        record(ledger, generation, gate, verdict, seen)
        if not verdict.passed:
            failed[gate.name] = verdict
    if failed:
        found = "; ".join(f"{name}: {one.description}" for name, one in failed.items())
        raise GateRefused(
            f"generation {generation.number} may not go live: {found}",
            where=generation.agent_id,
            cure="mend what is named and ingest again; what was live stays live",
        )


def _stands(kept: Json | None, seen: Json | None) -> bool:
    """Whether this very run passed the gate already, and no writer touched the colour since."""
    return bool(kept and seen and kept["passed"] and kept.get("seen") == seen)
