"""Where a conversation goes next; each function here is one branch of the picture."""

from typing import Final, Literal

from graph.state import State

STEPS_LIMIT: Final = 60
"""Supersteps of one run; the graph has no loop, so more would be a mistake."""


def after_plan(state: State) -> Literal["execute", "synthesize", "remember"]:
    """Work, unless the plan has no steps: then answer directly, or ask back."""
    if state.plan.get("steps"):
        return "execute"
    return "remember" if state.status else "synthesize"
