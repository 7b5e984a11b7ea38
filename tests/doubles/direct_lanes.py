"""Lanes that embed at once, in the caller's own thread: what a test does happens in order."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from dagster_kb.resources.embedder import Reading, Vectors


@dataclass(frozen=True)
class DirectLanes:
    """One batch at a time."""

    embed: Callable[[Sequence[str]], Vectors]
    runs_on: str = "words"
    processes: int = 1
    texts_at_once: int = 32
    width: int = 0

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        done: Future[Reading] = Future()
        try:
            done.set_result(Reading(self.embed(texts), [b""] * len(texts)))
        except Exception as error:  # noqa: BLE001 - the port gives a failure to whoever asks
            done.set_exception(error)
        return done
