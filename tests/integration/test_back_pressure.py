"""However slow a stage is, no more than a few batches are under way before it."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT
from dagster_kb.intake.document_intake import FILES_IN_A_COMMIT
from dagster_kb.intake.parsing_child import Asked
from dagster_kb.intake.parsing_child import Reading as DocumentReading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.resources.embedder import Reading
from dagster_kb.resources.vector_store import BATCH, Point
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.writer_world import CountingStore, WriterWorld

DOCUMENTS, SECTIONS = 100, 16
IN_FLIGHT = 16
WIDTH = 2
SLOW_WRITE = 0.2


class CountingChildren(ParsingChildren):
    """The real children; they count how many documents were asked for and not yet taken."""

    def __init__(self) -> None:
        super().__init__(HashEmbedder(), documents_in_flight=IN_FLIGHT)
        self.most = 0

    def read_all(self, asked: Any, *, expected: int) -> Generator[DocumentReading]:
        came = taken = 0

        def counted() -> Iterator[Asked]:
            nonlocal came
            for one in asked:
                came += 1
                self.most = max(self.most, came - taken)
                yield one

        for reading in super().read_all(counted(), expected=expected):
            taken += 1
            yield reading


class CountedReading(Future[Reading]):
    """Says when somebody took it."""

    def __init__(self, taken: Callable[[], None]) -> None:
        super().__init__()
        self.taken = taken

    def result(self, timeout: float | None = None) -> Reading:
        found = super().result(timeout)
        self.taken()
        return found


@dataclass
class CountingLanes:
    """A thread that embeds; it counts the batches that were handed in and not yet taken."""

    embed: Callable[[Sequence[str]], Any]
    thread: ThreadPoolExecutor
    texts_at_once: int = 32
    width: int = WIDTH
    runs_on: str = "words"
    processes: int = 1
    most: int = 0
    under_way: int = 0

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        reading = CountedReading(self._taken)

        def work() -> None:
            if reading.set_running_or_notify_cancel():
                reading.set_result(Reading(self.embed(texts), [b""] * len(texts)))

        self.thread.submit(work)
        return reading

    def _taken(self) -> None:
        self.under_way -= 1


class LaneEmbedder(HashEmbedder):
    """Embeds beside its caller, as the real one does."""

    counted: CountingLanes

    @contextmanager
    def lanes(self, texts: int) -> Generator[CountingLanes]:  # pyright: ignore[reportIncompatibleMethodOverride]
        with ThreadPoolExecutor(1) as thread:
            self.counted = CountingLanes(self.embed, thread)
            yield self.counted


@dataclass(frozen=True)
class SlowStore(CountingStore):
    """Takes its time for each batch, and looks how far the embedder came meanwhile."""

    embedded: Callable[[], int] = lambda: 0
    ahead: list[int] = field(default_factory=list[int])
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def write(self, collection: str, points: Sequence[Point]) -> None:
        with self.one_at_a_time:
            time.sleep(SLOW_WRITE)  # that it is slow is what is tried
            self.ahead.append(self.embedded() - len(self.written))
            super().write(collection, points)


@pytest.fixture
def slow(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    embedder = LaneEmbedder()
    world = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id,
        parsing=CountingChildren(), embedder=embedder,
        store=SlowStore(qdrant_url, embedded=lambda: len(embedder.texts)),
    )  # fmt: skip
    yield world
    world.definitions.resources["parsing"].close()
    world.close()


def page(number: int) -> str:
    words = " ".join(f"w{one}" for one in range(24))
    parts = (f"## Part {part}\n\nPart {part} of {number}: {words}.\n" for part in range(SECTIONS))
    return "\n".join((f"# Page {number}\n", *parts))


def test_what_is_under_way_is_bounded_whatever_is_slow(slow: WriterWorld):
    live = slow.publish({f"page{number}.md": page(number) for number in range(DOCUMENTS)})
    assert live.chunks > 5 * BATCH
    parsing, lanes = slow.definitions.resources["parsing"], slow.embedder.counted
    assert FILES_IN_A_COMMIT < DOCUMENTS
    assert 1 < parsing.most <= IN_FLIGHT + 1
    assert 1 < lanes.most <= WIDTH + 1
    # One batch is being written, one waits to be, and the lanes hold their own.
    most = 2 * BATCH + (WIDTH + 2) * TEXTS_IN_A_COMMIT
    assert max(slow.store.ahead) <= most < live.chunks
