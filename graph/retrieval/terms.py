"""The words of a text, as the collections number them: stemmed, without stop words."""

import re
from typing import Final

from qdrant_client import models

from kb_contract.sparse_words import document_weights, question_weights

# Words that ask; an answer does not repeat them.
_ASKING: Final = re.compile(
    r"\b(?:how|what|when|where|which|who|whom|whose|why|often|many|much|long|must|should|shall|may"
    r"|can|could|would|need|needs|do|does|did|tell|say|says|said|explain|describe|show|give|list"
    r"|please|me|us|i|we|you|my|our|your|mean|means|happen|happens|according|summari[sz]e|use|used"
    # What kind of text is wanted, not what about.
    r"|rules?|polic(?:y|ies)|procedures?|guidelines?|overview|summary|details?|information|exact(?:ly)?)\b",
    re.IGNORECASE,
)


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
    return terms(_ASKING.sub(" ", question)) or terms(question)
