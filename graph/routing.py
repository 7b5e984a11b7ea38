"""Where a conversation goes next; each function here is one branch of the picture."""

from typing import Final, Literal

from graph.state import State

STEPS_LIMIT: Final = 60
"""Supersteps of one run; people are asked what they mean a few times at most, so more would be a mistake."""


def after_recall(state: State) -> Literal["classify", "remember"]:
    """Work, unless there is an answer already, or nobody wants one that is worked out now."""
    return "remember" if state.status else "classify"


def after_plan(state: State) -> Literal["execute", "clarify", "synthesize", "remember"]:
    """Work, unless the plan has no steps: then answer directly, or ask the person back."""
    if state.plan.get("steps"):
        return "execute"
    if state.status:
        return "remember"
    return "clarify" if state.plan.get("answerable") else "synthesize"


def after_clarify(state: State) -> Literal["classify", "remember"]:
    """Begin again with what the person said, unless they do not want to go on."""
    return "remember" if state.status else "classify"
