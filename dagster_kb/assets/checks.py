"""The gates as asset checks: what people see, and what stops a run before its swap."""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, clear_failures, markdown_table
from dagster_kb.partitions import agent_of_check, agents
from dagster_kb.publishing.publication import Publication
from dagster_kb.publishing.release_checks import GATES, Gate, Verdict
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_books import pays_for_vectors
from kb_contract.generation import Generation

ASSET: Final = "collection"
# What a gate was told to hold its figures against.
LIMITS: Final = frozenset(
    {"recall_at", "recall_wanted", "max_shrink", "max_drop", "max_duplicates", "dimension"}
)


# One step for all: a step costs more than most gates do, and what they look at is fetched once.
@dg.multi_asset_check(
    name="gates",
    specs=[
        dg.AssetCheckSpec(
            gate.name,
            asset=ASSET,
            description=gate.asks,
            blocking=gate.blocking,
            partitions_def=agents,
        )
        for gate in GATES
    ],
    can_subset=True,
    retry_policy=RETRY,
)
def gates(
    context: dg.AssetCheckExecutionContext,
    ledger: dg.ResourceParam[Ledger],
    publication: dg.ResourceParam[Publication],
) -> Iterator[dg.AssetCheckResult]:
    """Ask every gate about the collection; the swap asks again."""
    chosen = {key.name for key in context.selected_asset_check_keys}
    asked = [gate for gate in GATES if gate.name in chosen]
    run, agent = context.run.run_id, agent_of_check(context)
    with clear_failures(), pays_for_vectors(agent, run):
        generation = ledger.generations.of_run(agent, run)
        for gate, verdict in _found(publication, asked, generation, run):
            if verdict.refuses:
                # Dagster's own word for it, that a check failed, names neither passage nor cure.
                context.log.error("%s: %s", gate.name, verdict.description)
            yield _result(gate, verdict, generation)


checks = [gates]


def _found(
    publication: Publication, asked: list[Gate], generation: Generation | None, run: str
) -> Iterator[tuple[Gate, Verdict]]:
    if generation is not None and publication.serves_nothing(generation):
        yield from publication.ask_of_nothing(asked, generation)
        return
    if generation is None or not generation.collection:
        verdict = Verdict(passed=False, description="there is no collection to look at")
    elif generation.state == "live":
        yield from ((gate, _kept(generation, gate)) for gate in asked)
        return
    else:
        yield from publication.ask(asked, generation, run)
        return
    yield from ((gate, verdict) for gate in asked)


def _kept(generation: Generation, gate: Gate) -> Verdict:
    """Nothing changed, so what was found before the swap still holds."""
    kept: dict[str, Any] | None = generation.checks.get(gate.name)
    if kept is None:
        # It went live before there was this gate; its next change is asked.
        said = f"generation {generation.number} went live before this was asked"
        return Verdict(passed=True, description=said)
    return Verdict.of_json(kept)


def _result(gate: Gate, verdict: Verdict, generation: Generation | None) -> dg.AssetCheckResult:
    """Show a verdict as Dagster does: figures that it plots, and a table of the findings."""
    shown = verdict.table
    found = {"findings": markdown_table(shown.heads, shown.rows)} if shown else {}
    # As text: a number would be drawn as one more line of the check's history.
    about = {"of_generation": str(generation.number)} if generation else {}
    facts = {name: str(one) if name in LIMITS else one for name, one in verdict.facts.items()}
    severity = dg.AssetCheckSeverity.WARN if verdict.warns else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        asset_key=ASSET,
        check_name=gate.name,
        passed=verdict.passed,
        severity=severity,
        description=verdict.description,
        metadata={**facts, **found, **about},
    )
