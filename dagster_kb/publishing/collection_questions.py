"""Questions to a collection, asked as readers ask: those of golden.yaml, and canaries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dagster_kb.gates.canary import FOUND_WITHIN, choose, question_of
from dagster_kb.gates.evidence import Asked, Canary, Passage
from dagster_kb.gates.ranking import DEPTH
from dagster_kb.resources.embedder import Embedder, from_bytes
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.reader_search import Question, ReaderSearch, Weighed
from dagster_kb.resources.vector_books import pays_for_vectors
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.agent_manifest import (
    AgentManifest,
    GateSettings,
    GoldenQuestion,
    GoldenSet,
    RetrievalSettings,
)
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.generation import Generation
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sentence_models.word_vectors import NO_WORDS


@dataclass(frozen=True)
class CollectionQuestions:
    """One generation, and the collection or alias that it is looked for in."""

    generation: Generation
    collection: str
    ledger: Ledger
    store: VectorStore
    embedder: Embedder
    remembered: dict[str, ReadText] = field(
        default_factory=dict[str, ReadText], kw_only=True, repr=False
    )
    """Vectors of questions: several gates ask the same ones."""

    def agent(self) -> str:
        return self.generation.agent_id

    def gate(self) -> GateSettings:
        return _manifest(self.generation).gate

    def golden(self) -> Sequence[Asked]:
        return self._golden

    def asked_of(self, generation: Generation, collection: str) -> list[Asked]:
        """Ask this generation's golden questions of a collection, with that one's settings."""
        how = _manifest(generation).retrieval
        depth = max(DEPTH, self.gate().golden_at)
        search = ReaderSearch(self.ledger, self.store, generation)
        asked = [Question(self._read(one.question), one.audience) for one in self._questions]
        weighed = search.weigh(collection, asked, how, depth)
        return [
            Asked(one, found.ordered(how.blend, how.found_from)[:depth], _unsure(found, how))
            for one, found in zip(self._questions, weighed, strict=True)
        ]

    def canaries(self) -> Sequence[Canary]:
        """Make questions of changed documents; of any when nothing was added."""
        before = self.ledger.documents.base(self.generation)
        changed = self.ledger.passages.fresh(self.generation, before)
        chosen = list(choose(changed)) or list(
            choose(self.ledger.passages.fresh(self.generation, None))
        )
        how = _manifest(self.generation).retrieval.model_copy(update={"threshold": 0.0})
        search = ReaderSearch(self.ledger, self.store, self.generation)
        asked = list(self._asked_about(chosen))
        found = search.find(self.collection, [one for _, one in asked], how, FOUND_WITHIN)
        return [Canary(question.read.text, one, each)
                for (one, question), each in zip(asked, found, strict=True)]  # fmt: skip

    def files(self) -> Mapping[str, str]:
        return self._files

    def passages_of(self, path: str) -> Sequence[Passage]:
        return self.ledger.passages.of_paths(self.generation, [path])

    def _asked_about(self, chosen: Sequence[Passage]) -> Iterator[tuple[Passage, Question]]:
        """Make questions of passages, with the vectors that are kept: no model is asked.

        They are nobody's in particular: a canary looks at the collection, not at rights.
        """
        space = EmbeddingSpace.model_validate(self.generation.space).space_id
        ids = [one.chunk_id for one in chosen]
        rows = self.ledger.documents.points(self.generation, space, ids)
        vectors = {str(row["chunk_id"]): from_bytes(row["vector"]).tolist() for row in rows}
        for one in chosen:
            if one.chunk_id in vectors:
                read = ReadText(question_of(one), vectors[one.chunk_id], NO_WORDS)
                yield one, Question(read, audience=None)

    @cached_property
    def _files(self) -> dict[str, str]:
        placed = self.ledger.documents.placed(self.generation.generation_id)
        return {path: "" if one.status == "published" else one.reason or one.status
                for path, one in placed.items()}  # fmt: skip

    @cached_property
    def _golden(self) -> list[Asked]:
        return self.asked_of(self.generation, self.collection)

    @cached_property
    def _questions(self) -> tuple[GoldenQuestion, ...]:
        kept = self.ledger.generations.golden(self.generation.generation_id)
        return GoldenSet.model_validate(kept).questions

    def _read(self, question: str) -> ReadText:
        if question not in self.remembered:
            new = [one.question for one in self._questions if one.question not in self.remembered]
            with pays_for_vectors(self.generation.agent_id):
                self.remembered.update((one.text, one) for one in self.embedder.read(new))
        return self.remembered[question]


def _unsure(found: Weighed, how: RetrievalSettings) -> str:
    sure = found.best(how.blend)
    if not found.found or sure >= how.found_from:
        return ""
    return (
        f"the best passage is {sure:.2f} sure, and nothing under {how.found_from:.2f} is shown: "
        "`retrieval: {threshold: …}` in agent.yaml"
    )


def _manifest(generation: Generation) -> AgentManifest:
    return AgentManifest.model_validate(dict(generation.manifest))
