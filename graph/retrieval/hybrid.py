"""The two questions to Qdrant that make a hybrid search, and what comes of the answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from qdrant_client import models

from kb_contract.payload import DENSE, SPARSE
from kb_contract.ranking import ranked


@dataclass(frozen=True)
class QuestionVectors:
    """A question in both vector spaces of a collection."""

    dense: list[float]
    sparse: models.SparseVector


@dataclass(frozen=True)
class Hit:
    """A point that was found."""

    chunk_id: str
    cosine: float


def hybrid_requests(
    only: models.Filter, question: QuestionVectors, candidates: int
) -> list[models.QueryRequest]:
    """Ask for the best by meaning and the best by words, scored in both ways.

    Both requests score the same union of candidates, so that each has its exact cosine and BM25.
    """
    union = [
        models.Prefetch(query=question.dense, using=DENSE, limit=candidates, filter=only),
        models.Prefetch(query=question.sparse, using=SPARSE, limit=candidates, filter=only),
    ]
    by_meaning = models.QueryRequest(
        prefetch=union, query=question.dense, using=DENSE, limit=2 * candidates, with_payload=False
    )
    by_words = models.QueryRequest(
        prefetch=union,
        query=question.sparse,
        using=SPARSE,
        limit=2 * candidates,
        with_payload=False,
    )
    return [by_meaning, by_words]


def ranked_hits(
    by_meaning: Iterable[models.ScoredPoint],
    by_words: Iterable[models.ScoredPoint],
    *,
    threshold: float,
) -> list[Hit]:
    """Fuse both answers; what is further from the question than `threshold` is not a hit."""
    cosine = {str(point.id): point.score for point in by_meaning}
    bm25 = {str(point.id): point.score for point in by_words}
    return [Hit(one, cosine[one]) for one in ranked(cosine, bm25, threshold=threshold)]
