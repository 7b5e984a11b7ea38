"""Make the inactive colour hold exactly what a generation's manifest says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dagster_kb.alias_moves import reconcile_agent
from dagster_kb.assembly import chunk_payload
from dagster_kb.resources.embedder import from_bytes
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import Row
from dagster_kb.resources.vector_store import BATCH, Point, VectorStore, batches
from dagster_kb.telemetry import Stages
from kb_contract.embedding_space import EmbeddingSpace, embedded_text
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, collection_name, ids_digest, other_colour

Advance = Callable[[int, int], None]


@dataclass(frozen=True)
class Synced:
    """What it took."""

    colour: Colour
    collection: str
    recreated: bool
    written: int
    deleted: int
    kept: int


@dataclass(frozen=True)
class CollectionSync:
    """Writes the difference between what a colour holds and what it must hold."""

    ledger: Ledger
    store: VectorStore
    stages: Stages = field(default_factory=Stages)

    def run(self, generation: Generation, advance: Advance) -> Synced | None:
        """Sync under the agent's lock; None when it is live, refused when it was overtaken."""
        agent = generation.agent_id
        with self.ledger.agent_lock(agent):
            generation = still_wanted(self.ledger, generation)
            if generation.state == "live":
                return None
            reconcile_agent(self.ledger, self.store, agent)
            live = self.ledger.generations.live(agent)
            colour = other_colour(live.colour if live else None)
            return self._sync(generation, colour, advance)

    def _sync(self, generation: Generation, colour: Colour, advance: Advance) -> Synced:
        agent = generation.agent_id
        collection = collection_name(self.ledger.workspace, agent, colour)
        space = EmbeddingSpace.model_validate(generation.space)
        wanted = self.ledger.documents.manifest(generation.generation_id)
        held = self._trusted(agent, colour, collection, space)
        known = held if held is not None else {}
        stale = [one for one, digest in wanted.items() if known.get(one) != digest]
        gone = [one for one in known if one not in wanted]
        if held is None or stale or gone:
            self.ledger.aliases.mark(generation, colour, "writing")
        if held is None:
            self.store.recreate(collection, space.dimension)
        self.store.delete(collection, gone)
        self._write(generation, collection, space, stale, advance)
        if (count := self.store.count(collection)) != len(wanted):
            raise GateRefused(
                f"{collection} holds {count} points, wanted {len(wanted)}",
                where=agent, cure="another writer outside of the lock? run it again",
            )  # fmt: skip
        self.ledger.aliases.mark(generation, colour, "clean")
        self.ledger.aliases.place(generation, colour)
        kept = len(wanted) - len(stale)
        return Synced(colour, collection, held is None, len(stale), len(gone), kept)

    def _trusted(
        self, agent: str, colour: Colour, collection: str, space: EmbeddingSpace
    ) -> dict[str, str] | None:
        """What the colour holds; None when that is not known for sure, or of another space."""
        known = self.ledger.aliases.colour(agent, colour)
        if known is None or known["state"] != "clean" or known["generation_id"] is None:
            return None
        if known["space"] != space.model_dump(mode="json"):
            return None
        if self.store.dimension(collection) != space.dimension:
            return None
        said = self.ledger.documents.manifest(known["generation_id"])
        if ids_digest(list(said.items())) != known["ids_digest"]:
            return None
        there = {one.chunk_id for one in self.store.points(collection, payloads=False)}
        return said if there == said.keys() and len(said) == known["chunk_count"] else None

    def _write(
        self, generation: Generation, collection: str, space: EmbeddingSpace,
        chunk_ids: list[str], advance: Advance,
    ) -> None:  # fmt: skip
        written = 0
        for batch in batches(chunk_ids, BATCH):
            rows = self.ledger.documents.points(generation, space.space_id, batch)
            if len(rows) != len(batch):
                raise GateRefused(
                    f"{len(batch) - len(rows)} chunks have no vector",
                    where=generation.agent_id, cure="materialise `embeddings` first",
                )  # fmt: skip
            with self.stages.stage("vector.upsert", collection=collection, chunk_ids=batch):
                self.store.write(collection, [self._point(generation, row) for row in rows])
            written += len(batch)
            advance(written, len(chunk_ids))

    def _point(self, generation: Generation, row: Row) -> Point:
        return point_of(self.ledger.workspace, generation.agent_id, row)


def point_of(workspace: str, agent: str, row: Mapping[str, Any]) -> Point:
    """Make a point of the ledger's row of chunk, document and vector."""
    return Point(
        chunk_id=str(row["chunk_id"]),
        payload=chunk_payload(workspace, agent, row),
        dense=from_bytes(row["vector"]),
        words=embedded_text(row["title"], tuple(row["heading_path"]), row["text"]),
    )


def still_wanted(ledger: Ledger, generation: Generation) -> Generation:
    """Read a generation again under the lock; refuse one that was overtaken or given up."""
    now = ledger.generations.by_id(generation.generation_id)
    if now.state in ("staged", "checked", "live"):
        return now
    raise GateRefused(
        f"generation {now.number} is {now.state}" + (f": {now.reason}" if now.reason else ""),
        where=now.agent_id,
        cure="materialise the whole chain again; it takes up what git says now",
    )
