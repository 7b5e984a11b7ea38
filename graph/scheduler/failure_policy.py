"""What a step that gave nothing means for the steps that wait for it."""

from collections.abc import Mapping
from typing import Final

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep, quorum_of
from graph.state import StepResult

USABLE: Final = frozenset({"done", "nothing_found"})
_WORDS: Final = {"failed": "failed", "rejected": "was rejected", "skipped": "was skipped"}


def reason_to_skip(
    plan: WorkflowPlan, step: WorkflowStep, results: Mapping[str, StepResult]
) -> str | None:
    """Say why the step cannot work; a missing optional result never stops anything."""
    policies = {one.step_id: one.policy for one in plan.steps}
    for needed in step.depends_on:
        status = results[needed]["status"]
        if policies[needed] == "required" and status not in USABLE:
            return f"it needs {needed}, which {_WORDS[status]}"
    groups = [one for one in step.depends_on if quorum_of(policies[one])]
    for policy in dict.fromkeys(policies[one] for one in groups):
        members = [one for one in groups if policies[one] == policy]
        usable = sum(results[one]["status"] in USABLE for one in members)
        if usable < quorum_of(policy):
            return f"it needs {quorum_of(policy)} of {', '.join(members)}, and {usable} came back"
    return None


def usable_inputs(results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """Results that a later step can work with."""
    return {step_id: one for step_id, one in results.items() if one["status"] in USABLE}
