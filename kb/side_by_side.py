"""Two things at a time: while one waits for its texts, or for a server, the other works."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

AT_ONCE: Final = 2
Given = TypeVar("Given")
Result = TypeVar("Result")


@dataclass(frozen=True)
class SideBySide(Generic[Given, Result]):
    """Works on some at a time; the results come in the order of what was given."""

    work: Callable[[Given], Result]

    def run(self, given: Sequence[Given]) -> Generator[Result]:
        """Whoever stops taking results waits for what is under way, but for Ctrl-C; no other begins.

        One alone has a thread too: the caller's is the one that Ctrl-C reaches.
        """
        threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="beside")
        wait = True
        try:
            for one in [threads.submit(self.work, one) for one in given]:
                yield one.result()
        except KeyboardInterrupt:
            wait = False  # nothing interrupts a thread, and it may have hours to go
            raise
        finally:
            threads.shutdown(wait=wait, cancel_futures=True)
