"""The parts of a question that asks several things: each may be answered by another passage."""

import re
from collections.abc import Sequence
from typing import Final

from kb_contract.sparse_words import question_weights

# Fewer telling words than this say too little alone, and stay with what stands before them.
TELLING_WORDS: Final = 4
MOST_PARTS: Final = 6
_JOINT: Final = re.compile(
    r"(?<=[.?!])\s+"
    r"|[,;:]\s+(?:(?:and|while|but|or|which|who|whereas|as opposed to|compared (?:to|with))\s+)?"
    r"|\s+(?:while|whereas|whilst|but|versus|vs\.?|as opposed to|compared (?:to|with)|before|after"
    r"|and(?=\s+(?:is|are|was|were|has|have|the|a|an|do|does|did|who|which|also|another|how|what|when"
    r"|where|why|that|whether)\b))\s+",
    re.IGNORECASE,
)

Span = tuple[int, int]


def spans_of_parts(question: str) -> list[Span]:
    """Return where each part stands; one that is the whole question where it asks one thing."""
    ends = [(joint.start(), joint.end()) for joint in _JOINT.finditer(question)]
    starts = [0, *(end for _, end in ends)]
    spans = list(zip(starts, [*(start for start, _ in ends), len(question)], strict=True))
    return _joined_up(question, spans)[:MOST_PARTS]


def _joined_up(question: str, spans: Sequence[Span]) -> list[Span]:
    """Join what says too little to the part before it, or at the beginning to the one after it."""
    parts: list[Span] = []
    for start, end in spans:
        too_little = bool(parts) and (
            _says_little(question, start, end) or _says_little(question, *parts[-1])
        )
        if too_little:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return parts


def _says_little(question: str, start: int, end: int) -> bool:
    return len(question_weights(question[start:end])) < TELLING_WORDS


def part_of_words(question: str, words: Sequence[str], spans: Sequence[Span]) -> list[int]:
    """Say of each word, in the order of the question, in which of the parts it stands."""
    places: list[int] = []
    at = 0
    for word in words:
        found = question.find(word, at)
        at = found if found >= 0 else at
        last = len(spans) - 1
        places.append(next((number for number, (_, end) in enumerate(spans) if at < end), last))
    return places
