"""extractions: what a model, or patterns, read out of each passage; off unless an agent wants it."""

from typing import Any, Final

import dagster as dg

from dagster_kb.assets.story import RETRY, Story, Told
from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.work import ExtractionWork, Outcome, Wish
from dagster_kb.partitions import agents
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import Progress
from kb_contract.agent_manifest import AgentManifest
from kb_contract.extraction_settings import ExtractionSettings

EXTRACTIONS: Final = "extractions"
# A run that leaves this asset out, since agent.yaml left it off when the run was asked for.
WITHOUT: Final = "kb/without"
COST_CHECK: Final = "extraction_cost"
OFF: Final = "extraction is off: nothing is asked, nothing is paid"


class ExtractionRequest(dg.Config):
    """What a run may do beside what agent.yaml says."""

    extract: bool = False
    """Extract now, also where agent.yaml leaves it off."""
    approved: bool = False
    """A person agreed to what it costs, whatever the limit."""
    again: bool = False
    """Ask again for what was no use before."""


@dg.asset(
    deps=["parsed_documents"],
    partitions_def=agents,
    kinds={"python", "postgres"},
    pool="chat_model",
    retry_policy=RETRY,
    check_specs=[
        dg.AssetCheckSpec(
            COST_CHECK,
            asset="extractions",
            blocking=True,
            partitions_def=agents,
            description="Does it cost no more than a run may cost without a person's word?",
        )
    ],
)
def extractions(  # pyright: ignore[reportUnknownParameterType] - as below
    context: dg.AssetExecutionContext,
    config: ExtractionRequest,
    ledger: dg.ResourceParam[Ledger],
    extraction: dg.ResourceParam[ExtractionDesk],
    progress: dg.ResourceParam[Progress],
    story: dg.ResourceParam[Story],
) -> dg.MaterializeResult:  # pyright: ignore[reportMissingTypeArgument] - with checks Dagster knows it only so
    """Ask about passages that were never asked about; each answer is kept as soon as it is there."""
    with story.of(context) as told:
        generation = told.generation()
        settings = AgentManifest.model_validate(generation.manifest).extraction
        if not (settings.is_on or config.extract):
            return _result(told, "off", _check(OFF), passages=0)
        outcome = ExtractionWork(
            ledger.extractions, extraction, generation, settings, context.run.run_id, told.stages,
            lambda done, total: progress(generation.agent_id, "extracting", done, total),
        ).run(Wish(config.approved, config.again))  # fmt: skip
        paid = ledger.extractions.paid(generation.agent_id, context.run.run_id)
        found = _found(outcome, paid)
        return _result(told, f"{outcome.totals}", _verdict(outcome, settings), **found)


def _found(outcome: Outcome, paid: dict[str, Any]) -> dict[str, Any]:
    totals, tally = outcome.totals, outcome.tally
    return {
        "dagster/row_count": totals.done,
        "passages": totals.passages,
        "extracted": tally.done,
        "reused": totals.done - tally.done,
        "invalid": totals.invalid,
        "errors": totals.error,
        "pending": totals.pending,
        "situated": outcome.situated,
        "model": outcome.estimate.model,
        "estimated_cost": round(outcome.estimate.dollars, 6),
        "cost": paid["run"],
        "cost_of_agent": paid["agent"],
        "requests": paid["requests"],
        "prompt_tokens": paid["prompt_tokens"],
        "completion_tokens": paid["completion_tokens"],
        "extraction_seconds": tally.seconds,
        "stopped": tally.stopped,
    }


def _verdict(outcome: Outcome, settings: ExtractionSettings) -> dg.AssetCheckResult:
    if not outcome.held_back:
        return _check(outcome.tally.stopped or outcome.estimate.said, passed=True)
    said = (
        f"{outcome.held_back} → `kb ingest --yes` agrees to it, extraction.ask_above in agent.yaml "
        "raises the limit"
    )
    # Where passages are embedded with what is read out of them, nothing can go on without it.
    return _check(said, passed=False, blocks=settings.situate)


def _check(said: str, *, passed: bool = True, blocks: bool = True) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=passed, check_name=COST_CHECK, severity=severity, description=said
    )


def _result(
    told: Told, version: str, check: dg.AssetCheckResult, **found: Any
) -> dg.MaterializeResult[Any]:
    generation = told.generation()
    made = told.result(generation, version=version, goes_on_in="chunks", **found)
    return dg.MaterializeResult(
        data_version=made.data_version, metadata=made.metadata, check_results=[check]
    )
