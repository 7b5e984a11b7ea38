"""What the caller of this run says about caches."""

from langgraph.runtime import get_runtime

from graph.caching.wishes import CacheWish, read_wish
from graph.run_context import RunContext


def asked_caching() -> CacheWish:
    """Return what the caller of this run said; outside of one, nothing was said."""
    try:
        context = get_runtime(RunContext).context
    except (RuntimeError, AttributeError):  # no graph is running
        return CacheWish()
    return read_wish(RunContext.model_validate(context or {}).cache)
