"""Waits for the person to say what the planner could not tell, and lets planning begin again."""

from typing import Any

from langgraph.types import interrupt

from graph.planning.clarified import planners_request, question_after
from graph.planning.workflow_plan import WorkflowPlan
from graph.state import State
from kb_contract.text_border import clean_text


async def clarify(state: State) -> dict[str, Any]:
    """Ask; a node of its own, so that nothing is planned twice when the answer comes days later."""
    plan = WorkflowPlan.model_validate(state.plan)
    answer = interrupt(planners_request(state.asks, plan))
    question = question_after(state.asks, plan, answer)
    if question is None:
        return {"answer": plan.said_back(), "status": "needs_clarification"}
    return {
        "standalone": {"asked": state.question, "question": clean_text(question)},
        "clarified": state.clarified + 1,
        "plan": {},
    }
