"""Texts as sparse vectors of their words: stemmed, without stop words, as Qdrant's BM25 makes them."""

from functools import cache

from qdrant_edge import Bm25, Bm25Config

from kb_contract.embedding_space import BM25_AVERAGE_LENGTH

Weights = dict[int, float]
"""Weight by word, as the collections number words."""


def document_weights(text: str) -> Weights:
    """Return what BM25 knows of a document without its collection: how much of it each word is."""
    made = _bm25().embed_document(text)
    return dict(zip(made.indices, made.values, strict=True))


def question_weights(question: str) -> Weights:
    """Return the words of a question, each once."""
    made = _bm25().embed_query(question)
    return dict(zip(made.indices, made.values, strict=True))


@cache
def _bm25() -> Bm25:
    return Bm25(Bm25Config(avg_len=BM25_AVERAGE_LENGTH))
