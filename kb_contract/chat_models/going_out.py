"""The moment in which a request goes out: of a process that dies before it, nobody pays."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

GoesOut = Callable[[], Awaitable[None]]
_TOLD: ContextVar[GoesOut | None] = ContextVar("told_when_a_request_goes_out", default=None)


@contextmanager
def told_when_it_goes_out(told: GoesOut) -> Generator[None]:
    """Have it told right before the library's client sends, which may be long after it was asked to."""
    token = _TOLD.set(told)
    try:
        yield
    finally:
        _TOLD.reset(token)


async def tell_going_out(_request: object) -> None:
    """Hook of an `httpx` client: nothing is sent before this was written down."""
    told = _TOLD.get()
    if told is not None:
        await told()
