"""Makes one colour hold exactly what a generation's manifest says."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dagster_kb.batching import batches
from dagster_kb.publishing.collection_audit import Audit, CollectionAudit, Look, is_due, stands
from dagster_kb.resources.embedder import from_bytes
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import WorkProgress
from dagster_kb.resources.vector_store import BATCH, PAGE, Description, Point, VectorStore
from dagster_kb.telemetry import Stages
from kb_contract.agent_manifest import AgentManifest
from kb_contract.embedding_space import EmbeddingSpace, searched_text
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, collection_name
from kb_contract.index_settings import IndexSettings
from kb_contract.points import chunk_payload

Advance = Callable[[int, int], None]


def nobody_waits(done: int, total: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True)
class Synced:
    """What it took."""

    colour: Colour
    collection: str
    recreated: bool
    written: int
    deleted: int
    kept: int
    audit: Audit


@dataclass(frozen=True)
class Ground:
    """What a colour holds before it is written: a generation, these errors, or nothing."""

    base: int | None = None
    """The generation that it holds for sure."""
    looked: Audit | None = None
    """A whole look, where that was not sure."""
    stale: int = 0
    whole_look_at: datetime | None = None

    @property
    def is_new(self) -> bool:
        return self.base is None and self.looked is None


@dataclass(frozen=True)
class SyncTask:
    """One sync of one colour; the caller holds the agent's lock."""

    ledger: Ledger
    store: VectorStore
    stages: Stages
    generation: Generation
    colour: Colour

    @property
    def collection(self) -> str:
        return collection_name(self.ledger.workspace, self.generation.agent_id, self.colour)

    @property
    def space(self) -> EmbeddingSpace:
        return EmbeddingSpace.model_validate(self.generation.space)

    @property
    def index(self) -> IndexSettings:
        return AgentManifest.model_validate(dict(self.generation.manifest)).index

    @property
    def audit(self) -> CollectionAudit:
        return CollectionAudit(self.ledger, self.store)

    def run(self, look: Look, advance: Advance) -> Synced:
        ground = self.ground(look)
        with self._gone(ground) as streamed:
            gone = list(streamed)
        touches = bool(ground.is_new or ground.stale or gone)
        if touches:
            self.ledger.aliases.mark(self.generation, self.colour, "writing")
        self.clear(ground, gone)
        with self._stale(ground) as stale:
            written = self._write(stale, ground, advance)
        found = self._look(ground, written, gone)
        if not found.exact:
            # One that is late is told that instead.
            with self.ledger.fences.guard(self.generation.agent_id):
                raise GateRefused(
                    f"{self.collection} is not what was written: {found.description}",
                    where=self.generation.agent_id,
                    cure="another writer outside of the lock? run it again, it mends what differs",
                )
        seal = self.audit.sealed(self.generation, self.collection, found)
        self.ledger.aliases.mark(self.generation, self.colour, "clean", seal)
        kept = self.generation.chunks - ground.stale
        return Synced(
            self.colour, self.collection, ground.is_new, ground.stale, len(gone), kept, found
        )

    def ground(self, look: Look) -> Ground:
        """Find out what can be built upon."""
        known = self.ledger.aliases.colour(self.generation.agent_id, self.colour)
        there = self.store.describe(self.collection)
        if known is None or not self.fits(there):
            return Ground(stale=self.generation.chunks)
        if stands(known, there) and not is_due(known, look):
            base: int = known["generation_id"]
            found = self.ledger.manifests.difference(self.generation, base)
            if found.held == known["chunk_count"] == self.store.count(self.collection):
                return Ground(base, None, found.stale, known["verified_at"])
        with self.stages.stage("vector.look", collection=self.collection):
            looked = self.audit.whole(self.generation, self.collection)
        stale = len(looked.missing) + len(looked.changed)
        return Ground(None, looked, stale, looked.whole_look_at)

    def fits(self, there: Description | None) -> bool:
        """Whether a collection was made for these vectors, this space and this graph."""
        if there is None:
            return False
        wanted = (self.space.dimension, self.space.space_id, self.index)
        return (there.dimension, there.space, there.index) == wanted

    @contextmanager
    def _stale(self, ground: Ground) -> Generator[Iterator[str]]:
        if ground.looked:
            yield iter((*ground.looked.missing, *ground.looked.changed))
            return
        with self.ledger.manifests.stale(self.generation, ground.base) as stale:
            yield stale

    @contextmanager
    def _gone(self, ground: Ground) -> Generator[Iterable[str]]:
        if ground.base is None:
            yield ground.looked.strange if ground.looked else ()
            return
        with self.ledger.manifests.gone(self.generation, ground.base) as gone:
            yield gone

    def clear(self, ground: Ground, gone: Sequence[str]) -> None:
        """Take away what must not be there: all of it, where it cannot be built upon."""
        agent = self.generation.agent_id
        if ground.is_new:
            self._refuse_served()
            with self.ledger.fences.guard(agent):
                self.store.recreate(
                    self.collection, self.space.dimension, self.space.space_id, self.index
                )
        for batch in batches(gone, PAGE):
            with self.ledger.fences.guard(agent):
                self.store.delete(self.collection, batch)

    def _refuse_served(self) -> None:
        """What readers are answered from is not dropped: its aliases would go with it."""
        agent, now = self.generation.agent_id, self.store.aliases()
        if served := sorted(one for one in now if now[one] == self.collection):
            raise GateRefused(
                f"{self.collection} is served as {', '.join(served)}, and was not made as "
                f"generation {self.generation.number} says: it cannot be made anew in place",
                where=agent, cure=f"`kb ingest --agent {agent} --force` builds in the other colour",
            )  # fmt: skip

    def _write(self, stale: Iterator[str], ground: Ground, advance: Advance) -> list[str]:
        """Write what is stale; returns the ids, where not all of the collection is new."""
        progress = WorkProgress(
            "writing", "points", ground.stale, ground.stale, advance, self.stages.say
        )
        written = list[str]()
        for points in self._made_ahead(stale):
            self.write(points)
            written += [] if ground.is_new else [one.chunk_id for one in points]
            progress.advance(len(points), len(points))
        return written

    def write(self, points: Sequence[Point]) -> None:
        """Write one batch; a writer that lost its lock writes not one batch more."""
        chunk_ids = [one.chunk_id for one in points]
        with (
            self.stages.stage("vector.upsert", collection=self.collection, chunk_ids=chunk_ids),
            self.ledger.fences.guard(self.generation.agent_id),
        ):
            self.store.write(self.collection, points)

    def _made_ahead(self, stale: Iterator[str]) -> Iterator[list[Point]]:
        """While the store takes one batch, make the next; never more than that."""
        with ThreadPoolExecutor(1, thread_name_prefix="points") as maker:
            next_one: Future[list[Point]] | None = None
            for batch in batches(stale, BATCH):
                made, next_one = next_one, maker.submit(self.points, batch)
                if made:
                    yield made.result()
            if next_one:
                yield next_one.result()

    def points(self, chunk_ids: Sequence[str]) -> list[Point]:
        rows = self.ledger.documents.points(self.generation, self.space.space_id, chunk_ids)
        if len(rows) != len(chunk_ids):
            raise GateRefused(
                f"{len(chunk_ids) - len(rows)} chunks have no vector",
                where=self.generation.agent_id, cure="materialise `embeddings` first",
            )  # fmt: skip
        return [point_of(self.ledger.workspace, self.generation.agent_id, one) for one in rows]

    def _look(self, ground: Ground, written: Sequence[str], gone: Sequence[str]) -> Audit:
        """Look at what was written; at all of it where nothing was there before."""
        if ground.is_new:
            return self.audit.whole(self.generation, self.collection)
        return self.audit.written(
            self.generation, self.collection, written, gone, ground.whole_look_at
        )


def point_of(workspace: str, agent: str, row: Mapping[str, Any]) -> Point:
    """Make a point of the ledger's row of chunk, document and vector."""
    return Point(
        chunk_id=str(row["chunk_id"]),
        payload=chunk_payload(workspace, agent, row),
        dense=from_bytes(row["vector"]),
        words=searched_text(row),
    )
