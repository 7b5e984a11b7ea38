"""What a run of the job told, in plain words and values."""

from typing import Any, Final

import dagster as dg

from dagster_kb.assets.extractions import COST_CHECK
from dagster_kb.assets.story import SKIPPED_FACT

_EXTRACTION: Final = (
    "passages", "extracted", "reused", "invalid", "errors", "pending", "situated", "model",
    "estimated_cost", "cost", "stopped",
)  # fmt: skip


def problem_of(result: dg.ExecuteInProcessResult) -> str:
    """Say why a run failed."""
    found = [_said(event) for event in result.all_events if event.is_step_failure]
    found += [f"{one.check_name}: {one.description}"
              for one in result.get_asset_check_evaluations()
              if not one.passed and one.severity is dg.AssetCheckSeverity.ERROR]  # fmt: skip
    return "; ".join(found) or "the run failed"


def _said(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    error = failure.error
    while error and error.cause:
        error = error.cause
    return f"{event.step_key}: {error.message.strip()}" if error else f"{event.step_key} failed"


def skipped_of(result: dg.ExecuteInProcessResult) -> str | None:
    """Say why a run that succeeded did nothing, if it did not."""
    for event in result.get_asset_observation_events():
        seen = event.asset_observation_data.asset_observation
        if SKIPPED_FACT in seen.metadata:
            return seen.description
    return None


def fact_of(result: dg.ExecuteInProcessResult, fact: str) -> Any:
    """Return the first fact of that name that an asset told."""
    for event in result.get_asset_materialization_events():
        told = event.materialization.metadata.get(fact)
        if told is not None:
            return told.value
    return None


def extraction_of(result: dg.ExecuteInProcessResult) -> dict[str, Any] | None:
    """Return what was read out of passages, and why not more; None where nothing was asked."""
    told: dict[str, Any] = {}
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey("extractions"):
            told.update(event.materialization.metadata)
    checks = [one for one in result.get_asset_check_evaluations() if one.check_name == COST_CHECK]
    held_back = next((str(one.description) for one in checks if not one.passed), "")
    if not (held_back or "model" in told):
        return None
    found = {name: told[name].value for name in _EXTRACTION if name in told}
    return {**found, "held_back": held_back}
