"""Which errors may pass by themselves, and how long to wait before trying again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import structlog

from graph.postgres_session import PASSING_ERRORS
from kb_contract.errors import KnowledgeUnavailable, ModelFailed, ToolRefused, ToolUnavailable

Result = TypeVar("Result")
log = structlog.get_logger(__name__)

_PASSING: Final = (
    ConnectionError,
    TimeoutError,
    *PASSING_ERRORS,
    httpx.TransportError,
    KnowledgeUnavailable,
    ToolUnavailable,
)
# These had their tries, or may have done something already.
_FINAL: Final = (ModelFailed, ToolRefused)
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


def is_transient(error: BaseException) -> bool:
    """Whether trying again may help: a broken connection, a busy or failing server.

    A chat model has its own tries behind its port; trying those again would multiply them.
    """
    return not isinstance(error, _FINAL) and any(_passes(one) for one in _and_causes(error))


def _passes(error: BaseException) -> bool:
    if isinstance(error, _PASSING):
        return True
    # Clients of Qdrant and of models say the status of the HTTP answer in this attribute.
    status: Any = getattr(error, "status_code", None)
    return isinstance(status, int) and (status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR)


def _and_causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        wrapped: Any = getattr(current, "source", None)
        current = current.__cause__ or (wrapped if isinstance(wrapped, BaseException) else None)


@dataclass(frozen=True)
class Retries:
    """Tries again after each delay, lengthened by up to `jitter` of itself."""

    delays: tuple[float, ...] = (1.0, 2.0, 4.0)
    jitter: float = 0.25
    helps: Callable[[BaseException], bool] = is_transient
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random

    async def __call__(self, work: Callable[[], Awaitable[Result]]) -> Result:
        for attempt, delay in enumerate(self.delays, start=1):
            try:
                return await work()
            except Exception as error:
                if not self.helps(error):
                    raise
                log.warning("trying again", attempt=attempt, error=repr(error), delay=delay)
            # Jitter keeps runs that failed together from coming back together.
            await self.wait(delay * (1 + self.jitter * self.dice()))
        return await work()
