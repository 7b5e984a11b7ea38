"""The words of a text, as the collections number them: stemmed, without stop words."""

from qdrant_client import models

from kb_contract.asking_words import telling_words
from kb_contract.sparse_words import document_weights, question_weights


def sparse_query(question: str) -> models.SparseVector:
    """Return the question for the sparse half of a collection."""
    words = question_weights(question)
    return models.SparseVector(indices=list(words), values=list(words.values()))


def sparse_document(text: str) -> models.SparseVector:
    """Return a text as the sparse half of a collection holds it."""
    words = document_weights(text)
    return models.SparseVector(indices=list(words), values=list(words.values()))


def terms(text: str) -> frozenset[int]:
    """Return the distinct words of a text."""
    return frozenset(question_weights(text))


def asked_terms(question: str) -> frozenset[int]:
    """Return the words that an answer to the question should hold."""
    return frozenset(telling_words(question))
