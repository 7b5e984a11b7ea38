"""Ends tasks for certain: a cancellation can be lost.

Before Python 3.12 `asyncio.wait_for`, which the pool of connections and LangGraph wait with, swallows one
that comes as its result does. Whoever cancels once and waits then waits for ever.
"""

import asyncio
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

# How long a task may put its things in order before it is cancelled again.
CANCEL_AGAIN_SECONDS: Final = 5.0


async def end(*tasks: asyncio.Task[Any], again_after: float = CANCEL_AGAIN_SECONDS) -> None:
    """Cancel the tasks until each has ended; what one failed with is told, and holds up no other."""
    left = set(tasks)
    while left := {one for one in left if not one.done()}:
        for one in left:
            one.cancel()
        await asyncio.wait(left, timeout=again_after)
        for one in left:
            if not one.done():
                log.warning("a task has not ended, and is cancelled again", task=one.get_name())
    for one in tasks:
        if not one.cancelled() and (error := one.exception()):
            log.debug("a task had failed as it was ended", task=one.get_name(), exc_info=error)
