"""Several callers who act at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


async def race(callers: Sequence[Callable[[], Awaitable[Result]]]) -> list[Result | Exception]:
    """Let all begin together; return what each got, in their order, errors too."""
    start = asyncio.Barrier(len(callers))

    async def run(call: Callable[[], Awaitable[Result]]) -> Result | Exception:
        await start.wait()
        try:
            return await call()
        except Exception as error:  # noqa: BLE001 - whatever a racer meets is its result
            return error

    return list(await asyncio.gather(*(run(one) for one in callers)))
