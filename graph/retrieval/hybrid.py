"""The two questions to Qdrant that make a hybrid search, and what comes of the answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from qdrant_client import models

from kb_contract.payload import DENSE, SPARSE
from kb_contract.ranking import Candidate, both_scores


@dataclass(frozen=True)
class QuestionVectors:
    """A question in both vector spaces of a collection."""

    dense: list[float]
    sparse: models.SparseVector


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


def candidates_of(
    by_meaning: Iterable[models.ScoredPoint], by_words: Iterable[models.ScoredPoint]
) -> list[Candidate]:
    """Bring both answers together: what may be found, in no order yet."""
    return both_scores(
        {str(point.id): point.score for point in by_meaning},
        {str(point.id): point.score for point in by_words},
    )
