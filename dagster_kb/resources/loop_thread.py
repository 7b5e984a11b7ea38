"""An event loop in a thread of its own, for work that is awaited where nothing else is."""

import asyncio
import threading
import weakref
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Made = TypeVar("Made")
# What is cancelled at the end has so long to let go.
_SECONDS_TO_END: Final = 5.0


@dataclass(eq=False)
class LoopThread:
    """Starts with its first work, and ends with whoever has it, or with the process."""

    name: str
    _end: "weakref.finalize[..., LoopThread] | None" = field(default=None, init=False, repr=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def submit(self, work: Coroutine[Any, Any, Made]) -> Future[Made]:
        """Hand it over; what the caller's context says goes with it."""
        with self._lock:
            if self._loop is None:
                self._loop = self._started()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Cancel what is left, and end for good."""
        with self._lock:
            if self._end is not None:
                self._end()

    def _started(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_run, args=(loop,), name=self.name, daemon=True)
        thread.start()
        self._end = weakref.finalize(self, _ended, loop, thread)
        return loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_cancelled())
        loop.close()


def _ended(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    # Whoever lets go of it last may be its own work.
    if thread is not threading.current_thread():
        thread.join(_SECONDS_TO_END)


async def _cancelled() -> None:
    """Cancel all else: libraries leave workers of theirs behind."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
