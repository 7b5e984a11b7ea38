"""A cancellation that gets lost does not keep what waits for its end for ever."""

import asyncio
from contextlib import suppress

import pytest

from graph.ending_tasks import end
from graph.server.signals import happened


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def loses_the_first(lost: list[str]) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    lost.append("once")
    await asyncio.Event().wait()


async def test_a_task_that_lost_its_cancellation_is_cancelled_again() -> None:
    lost: list[str] = []
    tasks = [asyncio.create_task(loses_the_first(lost)) for _ in range(2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end(*tasks, again_after=0.01)
    assert lost == ["once", "once"]
    assert all(one.cancelled() for one in tasks)


async def test_how_a_task_ended_is_left_in_it() -> None:
    async def fails() -> None:
        raise ValueError("as it was")

    failed = asyncio.create_task(fails())
    await asyncio.wait([failed])
    await end(failed)
    assert isinstance(failed.exception(), ValueError)
    await end()


@pytest.mark.parametrize("count", range(6))
async def test_waiting_for_what_happens_never_swallows_a_cancellation(count: int) -> None:
    """Whichever turn of the loop the event and the cancellation come in."""
    event, went_on = asyncio.Event(), False

    async def look_again() -> None:
        nonlocal went_on
        await happened(event, within=60)
        went_on = True
        await asyncio.Event().wait()

    task = asyncio.create_task(look_again())
    await asyncio.sleep(0)
    event.set()
    await turns(count)
    task.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait([task])
    assert task.cancelled()
