"""What the gates look at, fetched from the ledger, the vector store and the model."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.release_checks import Json, Payload
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.agent_manifest import AgentManifest, GateSettings, GoldenQuestion, GoldenSet
from kb_contract.generation import Generation

_SAMPLE: Final = 64


@dataclass(frozen=True)
class CollectionEvidence:
    """The evidence about one generation's collection."""

    generation: Generation
    collection: str
    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def sample(self) -> Sequence[Payload]:
        return [one.payload for one in self.store.sample(self.collection, _SAMPLE)]

    def count(self) -> int:
        return self.store.count(self.collection)

    def wanted(self) -> Mapping[str, str]:
        return self.ledger.documents.manifest(self.generation.generation_id)

    def held(self) -> Iterable[tuple[str, Payload]]:
        return ((one.chunk_id, one.payload)
                for one in self.store.points(self.collection, payloads=True))  # fmt: skip

    def spaces(self) -> tuple[Json, Json | None, int | None]:
        """Wanted space, the space that the colour was written in, and the stored dimension."""
        colour = self.generation.colour
        held = self.ledger.aliases.colour(self.generation.agent_id, colour) if colour else None
        clean = held is not None and held["state"] == "clean"
        return (
            self.generation.space,
            held["space"] if held and clean else None,
            self.store.dimension(self.collection),
        )

    def golden(self) -> Sequence[tuple[GoldenQuestion, Sequence[Payload]]]:
        asked = GoldenSet.model_validate(
            self.ledger.generations.golden(self.generation.generation_id)
        ).questions
        if not asked:
            return []
        vectors = self.embedder.embed([one.question for one in asked])
        limit = self.gate().golden_at
        return [
            (one, self._found(one.question, [float(part) for part in vector], limit))
            for one, vector in zip(asked, vectors, strict=True)
        ]

    def _found(self, question: str, vector: list[float], limit: int) -> list[Payload]:
        found = self.store.search(self.collection, question, vector, limit)
        return [one.payload for one in found]

    def agent(self) -> str:
        return self.generation.agent_id

    def gate(self) -> GateSettings:
        return AgentManifest.model_validate(dict[str, Any](self.generation.manifest)).gate


def sighting(ledger: Ledger, generation: Generation, dagster_run: str) -> Json | None:
    """Who looks, and at which writing of the colour; None while it is not known to be whole.

    Writers say in the ledger that they write before they do, so an equal sighting later means
    that no writer was there in between.
    """
    held = (
        ledger.aliases.colour(generation.agent_id, generation.colour) if generation.colour else None
    )
    if (
        held is None
        or held["state"] != "clean"
        or held["generation_id"] != generation.generation_id
    ):
        return None
    return {"dagster_run": dagster_run, "written_at": held["updated_at"].isoformat()}
