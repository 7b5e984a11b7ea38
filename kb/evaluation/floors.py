"""What plain searches of the same collection are worth: words alone, meaning alone, and both fused simply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qdrant_client import models

from graph.entrypoint import Gateways
from graph.retrieval.terms import sparse_query
from kb.evaluation.corpus_folder import AGENT, CorpusFolder
from kb.evaluation.labelled_corpus import Query
from kb.evaluation.ranking_figures import figures_of
from kb_contract.identifiers import DEFAULT_WORKSPACE, production_alias
from kb_contract.payload import DENSE, SPARSE

_CHUNKS: Final = 100
_RRF: Final = 60
_STEPS: Final = 20

Scores = Mapping[str, float]


@dataclass(frozen=True)
class Plain:
    """Best scores of documents for one question."""

    query: Query
    dense: Scores
    words: Scores


async def floors(
    gateways: Gateways, folder: CorpusFolder, queries: Sequence[Query]
) -> dict[str, float]:
    """Return nDCG@10 of each; the weight of `convex` is the best for these very questions."""
    found = [await _plain(gateways, folder, one) for one in queries if one.wanted]
    by_weight = {
        step / _STEPS: _mean([(one.query, _convex(one, step / _STEPS)) for one in found])
        for step in range(_STEPS + 1)
    }
    best = max(by_weight, key=lambda weight: by_weight[weight])
    return {
        "bm25": _mean([(one.query, one.words) for one in found]),
        "dense": _mean([(one.query, one.dense) for one in found]),
        "rrf": _mean([(one.query, _rrf(one)) for one in found]),
        "convex": by_weight[best], "convex_dense_weight": best,
    }  # fmt: skip


async def _plain(gateways: Gateways, folder: CorpusFolder, query: Query) -> Plain:
    [vector] = await gateways.embedder.embed([query.text])
    words = sparse_query(query.text)
    return Plain(
        query,
        await _documents(gateways, folder, vector, DENSE),
        await _documents(gateways, folder, words, SPARSE) if words.indices else {},
    )


async def _documents(gateways: Gateways, folder: CorpusFolder, query: Any, using: str) -> Scores:
    answer = await gateways.qdrant.query_points(
        production_alias(DEFAULT_WORKSPACE, AGENT), query=query, using=using, limit=_CHUNKS,
        with_payload=models.PayloadSelectorInclude(include=["metadata.path", "metadata.page"]),
    )  # fmt: skip
    best: dict[str, float] = {}
    for point in answer.points:
        metadata: Mapping[str, Any] = (point.payload or {})["metadata"]
        name = folder.document_at(metadata["path"], metadata.get("page"))
        best[name] = max(best.get(name, point.score), point.score)
    return best


def _rrf(one: Plain) -> Scores:
    fused: dict[str, float] = {}
    for scores in (one.dense, one.words):
        for place, name in enumerate(_ranked(scores), 1):
            fused[name] = fused.get(name, 0.0) + 1 / (_RRF + place)
    return fused


def _convex(one: Plain, weight: float) -> Scores:
    dense, words = _scaled(one.dense, min(one.dense.values(), default=0.0)), _scaled(one.words, 0.0)
    return {name: weight * dense.get(name, 0.0) + (1 - weight) * words.get(name, 0.0)
            for name in {**dense, **words}}  # fmt: skip


def _scaled(scores: Scores, low: float) -> Scores:
    """Bring scores to 0..1; a document without a word of the question has 0 of BM25."""
    high = max(scores.values(), default=0.0)
    return {name: (score - low) / (high - low) if high > low else 1.0
            for name, score in scores.items()}  # fmt: skip


def _ranked(scores: Scores) -> list[str]:
    return sorted(scores, key=lambda name: (-scores[name], name))


def _mean(pairs: Sequence[tuple[Query, Scores]]) -> float:
    gains = [figures_of(_ranked(scores), query.wanted)["ndcg@10"] for query, scores in pairs]
    return round(sum(gains) / len(gains), 6) if gains else 0.0
