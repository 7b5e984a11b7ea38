"""What the first passages leave open, and which further passages close it."""

from collections.abc import Sequence
from typing import Final

from kb_contract.asked_question import Aim, Question
from kb_contract.ranking import Candidate
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sparse_words import document_weights

FURTHER: Final = 2
"""Passages that one hop adds, at most: they take the last places of those that are handed on."""


def open_words(question: Question, texts: Sequence[str]) -> frozenset[int]:
    """Return the words of the question that none of these texts holds."""
    held = frozenset[int]().union(*(document_weights(text) for text in texts))
    return frozenset(question.rarity) - held


def aim_at(read: ReadText, words: frozenset[int], most: int) -> Aim:
    """Aim at the question's meaning, and at the words that are still open."""
    return Aim(read.vector, dict.fromkeys(sorted(words), 1.0), most)


def closing(
    question: Question, words: frozenset[int], found: Sequence[Candidate]
) -> list[Candidate]:
    """Choose passages that hold words which were open, those with the rarest first."""
    gains = [
        (sum(question.rarity[term] for term in words & document_weights(one.text()).keys()), one)
        for one in found
    ]
    ordered = sorted(gains, key=lambda gain: (-gain[0], -gain[1].cosine, gain[1].chunk_id))
    return [one for gain, one in ordered if gain > 0][:FURTHER]
