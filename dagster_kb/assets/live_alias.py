"""live_alias: what readers answer from."""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, Story, markdown_table
from dagster_kb.partitions import agents
from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.colour_ahead import ColourAhead
from dagster_kb.publishing.live_canary import LIVE_CANARY
from dagster_kb.publishing.publication import Publication
from dagster_kb.publishing.release_checks import GATES, Json
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from kb_contract.generation import Generation

FINDS_GOLDEN: Final = "finds_golden"
FIGURES: Final = ("recall", "mrr", "ndcg")
SHOWN: Final = (*(gate.name for gate in GATES), LIVE_CANARY)


@dg.asset(
    deps=["collection"],
    partitions_def=agents,
    kinds={"qdrant", "postgres"},
    retry_policy=RETRY,
)
def live_alias(
    context: dg.AssetExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    publication: dg.ResourceParam[Publication],
    story: dg.ResourceParam[Story],
    progress: dg.ResourceParam[Progress],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Move the alias, if every gate passes here and now: a check blocks only its own run."""
    with story.of(context, last=True) as told:
        generation = told.generation()
        with ledger.agent_lock(generation.agent_id):
            publication.publish(generation, context.run.run_id)
        generation = ledger.generations.by_id(generation.generation_id)
        told.stages.say("published", state=generation.state, collection=generation.collection or "")
        yield told.result(
            generation,
            version=f"generation {generation.number}",
            goes_on_in=None,
            **served_facts(ledger, generation),
        )
        # What is served is told by now, however long this takes.
        ColourAhead(
            ledger, publication.store, told.stages,
            lambda done, total: progress(generation.agent_id, "writing ahead", done, total),
        ).fill(generation.agent_id)  # fmt: skip


def served_facts(ledger: Ledger, generation: Generation) -> dict[str, Any]:
    """Say what readers answer from."""
    checks = [
        [name, generation.checks[name]["passed"], generation.checks[name]["description"]]
        for name in SHOWN if name in generation.checks
    ]  # fmt: skip
    settled = ", ".join(ledger.tombstones.settled_by(generation.generation_id))
    return {
        "dagster/row_count": generation.chunks,
        "aliases": ", ".join(aliases_of(ledger.workspace, generation.agent_id)),
        "served": generation.state == "live",
        "collection": generation.collection or "",
        "colour": generation.colour or "",
        "documents": generation.documents,
        "quarantined": generation.quarantined,
        **_found(generation),
        "live_since": str(generation.live_at),
        **({"deletions_settled": settled} if settled else {}),
        "checks": markdown_table(("gate", "passed", "found"), checks),
    }


def _found(generation: Generation) -> dict[str, Any]:
    """How well it finds its golden questions, where it has some: numbers, so that they are plotted."""
    facts: Json = generation.checks.get(FINDS_GOLDEN, {}).get("facts", {})
    return {name: facts[name] for name in FIGURES if name in facts}
