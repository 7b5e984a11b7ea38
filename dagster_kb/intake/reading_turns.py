"""Whose turn it is to read the next document: one child's, and a second one's where that pays."""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from dagster_kb.intake.parsing_child import Asked, Reading

# A second child pays for its start only where so much is left to read.
SECONDS_FOR_TWO: Final = 2.0
MOST: Final = 2


@dataclass
class ReadingTurns:
    """Documents in the order that they came, each read when it is a thread's turn."""

    expected: int
    read: Callable[[Asked], Reading]
    _turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1))
    _waiting: deque[tuple[Asked, Future[Reading]]] = field(
        default_factory=deque[tuple[Asked, Future[Reading]]]
    )
    _threads: ThreadPoolExecutor = field(init=False)
    _ended: bool = False
    _known: int = 0
    _seconds: float = 0.0
    children: int = 1

    def __post_init__(self) -> None:
        most = min(MOST, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="reading")

    def submit(self, asked: Asked) -> Future[Reading]:
        """Have a document read after those that came before."""
        told: Future[Reading] = Future()
        self._waiting.append((asked, told))
        self._threads.submit(self._read_next)
        return told

    def result(self, reading: Future[Reading]) -> Reading:
        """Wait for a reading, and take note of how long it took: that foretells the others."""
        found = reading.result()
        self._known += 1
        self._seconds += found.seconds
        left = (self.expected - self._known) * self._seconds / self._known
        if self.children < MOST and left >= SECONDS_FOR_TWO:
            self.children += 1
            self._turns.release()
        return found

    def end(self, *, wait: bool) -> None:
        """Read nothing more; waits for what is being read, if so wanted."""
        self._ended = True
        self._threads.shutdown(wait=wait, cancel_futures=True)

    def _read_next(self) -> None:
        with self._turns:
            if self._ended:  # while this thread waited for its turn
                return
            asked, told = self._waiting.popleft()
            try:
                told.set_result(self.read(asked))
            except BaseException as error:  # noqa: BLE001 - it goes to whoever waits for the reading
                told.set_exception(error)
