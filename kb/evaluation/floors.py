"""What plain searches of the same collection are worth: words alone, meaning alone, and both fused simply."""

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class Floors:
    """NDCG@10 of plain searches, question by question."""

    by_question: Mapping[str, Mapping[str, float]]
    """By name of the search, by id of the question."""
    dense_weight: float
    """What `convex` gives to meaning: the best for these very questions."""

    def means(self) -> dict[str, float]:
        """Average each, with the weight that was chosen."""
        each = {name: _mean(found) for name, found in self.by_question.items()}
        return {**each, "convex_dense_weight": self.dense_weight}

    def of(self, question: str) -> dict[str, float]:
        """Return what each search is worth to one question; nothing where it has no answer."""
        return {name: found[question] for name, found in self.by_question.items()
                if question in found}  # fmt: skip


async def floors(gateways: Gateways, folder: CorpusFolder, queries: Sequence[Query]) -> Floors:
    """Search plainly for every question that has an answer."""
    found = [await _plain(gateways, folder, one) for one in queries if one.wanted]
    by_weight = {
        step / _STEPS: _worth(found, lambda one, weight=step / _STEPS: _convex(one, weight))
        for step in range(_STEPS + 1)
    }
    best = max(by_weight, key=lambda weight: _mean(by_weight[weight]))
    return Floors(
        {
            "bm25": _worth(found, lambda one: one.words),
            "dense": _worth(found, lambda one: one.dense),
            "rrf": _worth(found, _rrf),
            "convex": by_weight[best],
        },
        best,
    )


async def _plain(gateways: Gateways, folder: CorpusFolder, query: Query) -> Plain:
    [read] = await gateways.embedder.read([query.text])
    words = sparse_query(query.text)
    return Plain(
        query,
        await _documents(gateways, folder, read.vector, DENSE),
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


def _worth(found: Sequence[Plain], scores: Callable[[Plain], Scores]) -> dict[str, float]:
    return {one.query.id: figures_of(_ranked(scores(one)), one.query.wanted)["ndcg@10"]
            for one in found}  # fmt: skip


def _mean(worth: Mapping[str, float]) -> float:
    return round(sum(worth.values()) / len(worth), 6) if worth else 0.0
