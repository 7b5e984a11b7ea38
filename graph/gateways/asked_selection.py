"""Which documents the caller of this run wants to be looked at."""

from contextvars import ContextVar

from langgraph.runtime import get_runtime

from graph.run_context import RunContext
from graph.selection import EVERYTHING, Selection

LOOKING_AT: ContextVar[Selection] = ContextVar("looking_at", default=EVERYTHING)
"""For reads outside of a run; within one, its context says it."""


def asked_selection() -> Selection:
    """Return what the caller of this run, or of this read, said."""
    said = LOOKING_AT.get()
    if said != EVERYTHING:
        return said
    try:
        context = get_runtime(RunContext).context
    except (RuntimeError, AttributeError):  # no graph is running
        return EVERYTHING
    return RunContext.model_validate(context or {}).only
