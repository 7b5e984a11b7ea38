"""One collection: its readers, its writers, and its upkeep."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import qdrant_edge

from kb.embedded.qdrant_owner.index_build import IndexBuilder, IndexBuildError
from kb.embedded.qdrant_owner.refusals import Refused, engine_errors
from kb.embedded.qdrant_owner.schemas import CreateCollection
from kb.embedded.qdrant_owner.shards import Shard, Shards

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upkeep:
    """What looks after collections: flush after a pause in writing, or at the latest; then index."""

    shards: Shards
    builder: IndexBuilder = field(default_factory=IndexBuilder)
    pause_seconds: float = 0.5
    latest_seconds: float = 5.0
    clock: Callable[[], float] = time.monotonic


class Collection:
    """An open collection.

    Writes run one after another; one is answered when it is in the write-ahead log, which
    survives the death of the process. A thread of the collection's own flushes, and has an index
    built on a copy that then takes the shard's place; reads and writes go on meanwhile.
    """

    def __init__(
        self,
        shard: Shard,
        schema: CreateCollection,
        upkeep: Upkeep,
        moved: Callable[[str, str], bool],
    ) -> None:
        self.schema = schema
        self.names = schema.names()
        self.indexing = False
        self.trouble: str | None = None
        self._shard = shard
        self._upkeep = upkeep
        self._moved = moved
        self._operations = 0
        self._not_indexed = self._count_not_indexed()
        self._journal: list[qdrant_edge.UpdateOperation] | None = None
        self._writing = threading.Lock()
        self._change = threading.Condition()
        self._closing = False
        self._discard = False
        # What was written before a crash may still have to be indexed.
        self._first_write: float | None = upkeep.clock()
        self._last_write = upkeep.clock()
        self._keeper = threading.Thread(target=self._keep, name=f"keep {shard.name}", daemon=True)
        self._keeper.start()

    @contextmanager
    def used(self) -> Generator[qdrant_edge.EdgeShard | None]:
        """Keep the shard of this moment open; gives None when the collection is being closed."""
        with self._change:
            shard = None if self._closing else self._shard
            if shard:
                shard.enter()
        try:
            yield shard.engine if shard else None
        finally:
            if shard:
                shard.leave()

    def write(
        self, operations: Sequence[qdrant_edge.UpdateOperation], points: int = 0
    ) -> list[int]:
        """Apply operations, which write so many points, in order and return their numbers."""
        numbers: list[int] = []
        with self._writing:
            self._not_indexed += points
            try:
                for operation in operations:
                    if self._journal is not None:
                        self._journal.append(operation)
                    with engine_errors():
                        self._shard.engine.update(operation)
                    self._operations += 1
                    numbers.append(self._operations)
            finally:
                self._note_write()
        return numbers

    def close(self, *, discard: bool = False) -> None:
        """Ask it to close once its users are gone, and to delete its folder if so wanted."""
        with self._change:
            self._closing = True
            self._discard = discard
            self._change.notify_all()

    def wait_closed(self, within: float) -> bool:
        """Wait for one that was asked to close."""
        self._keeper.join(within)
        return not self._keeper.is_alive()

    def _note_write(self) -> None:
        with self._change:
            self._last_write = self._upkeep.clock()
            if self._first_write is None:
                self._first_write = self._last_write
            self._change.notify_all()

    def _keep(self) -> None:
        try:
            while self._wait_until_due():
                self._tend()
            self._shard.close(discard=self._discard)
        except Exception:
            log.exception("shard %s was not closed cleanly", self._shard.folder)

    def _wait_until_due(self) -> bool:
        """Sleep until upkeep is due; False when the collection closes."""
        with self._change:
            while not self._closing:
                if self._first_write is None:
                    self._change.wait()
                    continue
                pause_over = self._last_write + self._upkeep.pause_seconds
                due = min(pause_over, self._first_write + self._upkeep.latest_seconds)
                left = due - self._upkeep.clock()
                if left <= 0:
                    self._first_write = None
                    return True
                self._change.wait(left)
            return False

    def _tend(self) -> None:
        try:
            self._shard.engine.flush()
            if self._not_indexed > self.schema.points_worth_an_index():
                self._index()
            self.trouble = None
        except Exception as error:  # a full disk: say so in the collection's status, and go on
            log.exception("upkeep of shard %s failed", self._shard.folder)
            self.trouble = str(error)

    def _count_not_indexed(self) -> int:
        """Points without an index when the collection is opened; afterwards we count ourselves.

        The engine's own figure counts a vector twice while two segments hold it.
        """
        kinds = len(self.names.dense) + len(self.names.sparse)
        indexed = self._shard.engine.info().indexed_vectors_count
        return max(0, self._shard.count() - indexed // max(1, kinds))

    def _index(self) -> None:
        """Have an index built on a copy, and put it in the shard's place."""
        self.indexing = True
        copy: Path | None = None
        try:
            with self._writing:
                self._shard.engine.flush()
                copy = self._upkeep.shards.copy(self._shard)
                self._journal = []
                covered = self._not_indexed
            started = self._upkeep.clock()
            if self._upkeep.builder.build(copy, lambda: self._closing):
                self._put_in_place(copy)
                copy = None
                took = self._upkeep.clock() - started
                log.info("built an index over %s newly written points in %.1f s", covered, took)
                with self._writing:
                    self._not_indexed -= covered
        finally:
            self.indexing = False
            self._journal = None
            if copy:
                self._upkeep.shards.remove(copy)

    def _put_in_place(self, copy: Path) -> None:
        """Apply to the copy what was written since it was made, then let it take over."""
        with self._writing:
            old, new = self._shard, self._upkeep.shards.load(copy.name, self.schema)
            try:
                for operation in self._journal or ():
                    _apply_again(new, operation)
                if new.count() != old.count():
                    raise IndexBuildError(f"the indexed copy of {old.name} differs from it")
                if not self._moved(old.name, new.name):  # dropped meanwhile
                    new.close(discard=True)
                    return
            except Exception:
                new.close(discard=True)
                raise
            with self._change:
                self._shard = new
        old.close(discard=True)


def _apply_again(shard: Shard, operation: qdrant_edge.UpdateOperation) -> None:
    """Apply what the live shard has seen; what it refused, the copy refuses in the same way."""
    try:
        with engine_errors():
            shard.engine.update(operation)
    except Refused as refused:
        log.debug("refused again: %s", refused.reason)
