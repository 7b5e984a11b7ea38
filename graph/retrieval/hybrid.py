"""The questions to Qdrant that make a hybrid search, all of them in one trip."""

from collections.abc import Iterator, Sequence

from qdrant_client import models

from kb_contract.asked_question import Aim
from kb_contract.payload import DENSE, SPARSE


def hybrid_requests(
    only: models.Filter, aims: Sequence[Aim], wordings: Sequence[Aim] = ()
) -> list[models.QueryRequest]:
    """Ask for the best by meaning and by words, scored in both ways, and the best for each part.

    The first two score the union of all that is found, so that each has its exact cosine and BM25
    for the question as a whole; so do the next two for each other wording of it.
    """
    union = [
        models.Prefetch(query=query, using=using, limit=aim.most, filter=only)
        for aim in (*aims, *wordings)
        for query, using in _ways(aim)
    ]
    many = sum(one.limit or 0 for one in union)
    whole = [
        models.QueryRequest(
            prefetch=union, query=query, using=using, limit=many, with_payload=False
        )
        for aim in (aims[0], *wordings)
        for query, using in _ways(aim)
    ]
    parts = [
        models.QueryRequest(
            query=query, using=using, limit=aim.most, filter=only, with_payload=False
        )
        for aim in aims[1:]
        for query, using in _ways(aim)
    ]
    return [*whole, *parts]


def _ways(aim: Aim) -> Iterator[tuple[list[float] | models.SparseVector, str]]:
    yield aim.dense, DENSE
    words = models.SparseVector(indices=list(aim.words), values=list(aim.words.values()))
    yield words, SPARSE
