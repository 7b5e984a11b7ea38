"""Searching as readers do: the same questions to Qdrant, the same order of what comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from qdrant_client import models

from dagster_kb.gates.evidence import Found
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.agent_manifest import RetrievalSettings
from kb_contract.payload import DENSE, EVERYONE, SPARSE
from kb_contract.ranking import ranked


@dataclass(frozen=True)
class Question:
    """A question, its vector, and who asks: nobody's rights are looked at when it is None."""

    text: str
    vector: Sequence[float]
    audience: Sequence[str] | None = ()


@dataclass(frozen=True)
class ReaderSearch:
    """Hybrid search over a collection, or through an alias."""

    store: VectorStore

    def find(
        self, collection: str, agent: str, question: Question, how: RetrievalSettings, limit: int
    ) -> list[Found]:
        """Return what a reader would get, best first."""
        requests = self._requests(agent, question, max(how.candidates, how.limit))
        meaning, words = self.store.client.query_batch_points(collection, requests=requests)
        cosine = {str(one.id): one.score for one in meaning.points}
        bm25 = {str(one.id): one.score for one in words.points}
        payloads = {str(one.id): one.payload or {} for one in [*words.points, *meaning.points]}
        order = ranked(cosine, bm25, threshold=how.threshold)
        return [Found(payloads[one], cosine.get(one, 0.0)) for one in order[:limit]]

    def _requests(
        self, agent: str, question: Question, candidates: int
    ) -> list[models.QueryRequest]:
        """Both requests score the same union, so that each has its exact cosine and BM25."""
        made = self.store.bm25.embed_query(question.text)
        sparse = models.SparseVector(indices=list(made.indices), values=list(made.values))
        dense = list(question.vector)
        only = _served(agent, question.audience)
        union = [
            models.Prefetch(query=dense, using=DENSE, limit=candidates, filter=only),
            models.Prefetch(query=sparse, using=SPARSE, limit=candidates, filter=only),
        ]
        shared: dict[str, Any] = {
            "prefetch": union, "limit": 2 * candidates, "with_payload": True,
        }  # fmt: skip
        return [
            models.QueryRequest(query=dense, using=DENSE, **shared),
            models.QueryRequest(query=sparse, using=SPARSE, **shared),
        ]


def _served(agent: str, audience: Sequence[str] | None) -> models.Filter:
    """Let through what is published, the agent's own, and may be read now by who asks."""
    must: list[models.Condition] = [
        _field("agent_id", match=models.MatchValue(value=agent)),
        _field("status", match=models.MatchValue(value="published")),
    ]
    if audience is None:
        return models.Filter(must=must)
    must.append(_field("audience", match=models.MatchAny(any=[EVERYONE, *audience])))
    now = datetime.now(UTC)  # noqa: TID251 - what is served depends on the day
    return models.Filter(
        must=must,
        must_not=[
            _field("effective", range=models.DatetimeRange(gt=now)),
            _field("expires", range=models.DatetimeRange(lte=now)),
        ],
    )


def _field(name: str, **test: Any) -> models.FieldCondition:
    return models.FieldCondition(key=f"metadata.{name}", **test)
