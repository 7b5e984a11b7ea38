"""Points of a first generation are written while its other texts are still being embedded.

They are looked through for secrets and the like meanwhile. Behind its publication the other colour is filled
in the same way. It only spares time. What it leaves is a colour that is marked as being written, as a killed writer
leaves one: `collection` looks at all of it, writes what is missing, and alone says what it holds.
"""

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from dagster_kb.batching import batches
from dagster_kb.publishing.collection_sync import still_wanted
from dagster_kb.publishing.colour_sync import SyncTask
from dagster_kb.publishing.scanned_passages import look_through
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import BATCH, VectorStore
from dagster_kb.telemetry import Stages
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, other_colour

FIRST: Final = other_colour(None)


@dataclass
class WriteAhead:
    """Takes chunks whose vectors are kept; writes them in a thread, a batch at a time."""

    ledger: Ledger
    store: VectorStore
    generation: Generation
    stages: Stages
    colour: Colour = FIRST
    written: int = 0
    _thread: ThreadPoolExecutor = field(init=False, repr=False)
    _context: Context = field(default_factory=copy_context, init=False, repr=False)
    """Of whoever opens it: a thread does not know by itself which run its spans belong to."""
    _waiting: list[str] = field(default_factory=list[str], init=False)
    _under_way: Future[None] | None = field(default=None, init=False)
    _stopped: bool = field(default=True, init=False)
    """Until it has begun, and from then on when something stops it."""

    @contextmanager
    def open(self) -> Generator["WriteAhead"]:
        """Begin where nothing lies and nothing else is live; elsewhere differences are written later.

        To make a collection takes as long as to embed some hundred texts, which is done meanwhile.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
            self._thread = thread
            self._under_way = thread.submit(self._context.run, self._begin)
            yield self
            for batch in batches(self._waiting, BATCH):
                self._hand_over(batch)
            self._wait()

    def take(self, chunks: Sequence[UUID]) -> None:
        """Take chunks; waits while an earlier batch is still being written."""
        self._waiting += [str(one) for one in chunks]
        while len(self._waiting) >= BATCH:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._hand_over(batch)

    def _hand_over(self, batch: Sequence[str]) -> None:
        self._wait()
        if not self._stopped:
            self._under_way = self._thread.submit(self._context.run, self._write, batch)

    def _wait(self) -> None:
        """Whatever stops it stops no embedding: `collection` meets the same trouble, and tells."""
        try:
            if self._under_way:
                self._under_way.result()
        except Exception as error:  # noqa: BLE001 - see above
            self._stopped = True
            self.stages.say("ahead.stopped", reason=f"{type(error).__name__}: {error}"[:500])
        self._under_way = None

    def _task(self) -> SyncTask:
        return SyncTask(self.ledger, self.store, self.stages, self.generation, self.colour)

    def _begin(self) -> None:
        agent, task = self.generation.agent_id, self._task()
        live = self.ledger.generations.live(agent)
        is_other = live and live.generation_id != self.generation.generation_id
        if is_other or not self.generation.chunks:
            return
        with self.ledger.agent_lock(agent):
            ground = task.ground("when in doubt") if self._is_free(task) else None
            if ground is None or not ground.is_new:
                return
            self.ledger.aliases.mark(self.generation, task.colour, "writing")
            task.clear(ground, ())
        self._stopped = False

    def _is_free(self, task: SyncTask) -> bool:
        """Whether no colour of the agent was ever written, so that looking at it costs nothing."""
        return self.ledger.aliases.colour(self.generation.agent_id, task.colour) is None

    def _write(self, batch: Sequence[str]) -> None:
        task, agent = self._task(), self.generation.agent_id
        with self.ledger.agent_lock(agent):
            held = self.ledger.aliases.colour(agent, task.colour)
            mine = held is not None and held["generation_id"] == self.generation.generation_id
            still_wanted(self.ledger, self.generation)
            if held is None or not mine or held["state"] != "writing":
                self._stopped = True
                return
            # Read under the lock: what somebody deletes for good meanwhile is not written again.
            points = task.points(batch)
            task.write(points)
            self.written += len(points)
        look_through(self.ledger, {
            one.payload.metadata.text_sha256: one.payload.text_chunk for one in points
        })  # fmt: skip
