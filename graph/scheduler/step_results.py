"""Results of steps that no agent wrote, and what is made of those that one did."""

from typing import Any, Final, cast

from graph.planning.workflow_plan import WorkflowStep
from graph.state import StepResult, StepStatus
from kb_contract.text_border import clean, cut_text

MAX_TEXT: Final = 200_000


def plain_result(
    step: WorkflowStep, status: StepStatus, *, text: str = "", error: str | None = None
) -> StepResult:
    """Make a result that stands on no passage."""
    return {
        "step_id": step.step_id,
        "agent_id": step.agent,
        "capability": step.capability,
        "status": status,
        "text": cut_text(text, at_most=MAX_TEXT),
        "claims": [],
        "passages": [],
        "data": {},
        "error": None if error is None else cut_text(error, at_most=2_000),
        "usage": [],
        "seconds": 0.0,
    }


def finished(
    step: WorkflowStep, written: StepResult, *, seconds: float, approval: dict[str, Any] | None
) -> StepResult:
    """Make what an agent wrote fit to be kept: clean, bounded, and under its step's own name."""
    result = cast("StepResult", {**plain_result(step, written["status"]), **clean(written)})
    # A result speaks for its own step alone, and only the scheduler says what was approved.
    result["step_id"], result["agent_id"] = step.step_id, step.agent
    result["capability"] = step.capability
    result["data"] = {name: one for name, one in result["data"].items() if name != "approval"}
    result["text"] = cut_text(result["text"], at_most=MAX_TEXT)
    result["seconds"] = round(seconds, 3)
    if approval is not None:
        result["data"] = {**result["data"], "approval": approval}
    return result
