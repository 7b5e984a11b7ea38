"""What a person is asked when it cannot be told what a question wants, and how the answer is read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graph.classification.classifier import Classification
from graph.classification.query_type import QUERY_TYPES, QueryType
from graph.classification.question_back import (
    approves,
    numbered,
    question_back,
    rejects,
    words_of,
)
from graph.classification.spelling import fold

READINGS: Final[Mapping[QueryType, str]] = {
    "simple_lookup": "Look up one fact: a name, a number, a date.",
    "complex_analysis": "Compare or add up what several sources say.",
    "rag_document": "Explain what a document says, or how and why something is done.",
    "schema_discovery": "Show which data, documents, fields or topics there are.",
    "tool_operation": "Do something: change, send, calculate, or look at the running system.",
}
ASKED: Final = "asked"
# A reading that is this much less likely than the best one is not worth showing.
_WORTH_SHOWING: Final = 0.3
_MOST: Final = 3
# Both are read in documents, by the same steps: which of the two is meant changes nothing that is done.
_READ_ALIKE: Final[frozenset[QueryType]] = frozenset({"simple_lookup", "rag_document"})


def sureness(found: Classification) -> float:
    """Return how sure it is what is to be done, which may be surer than the type."""
    if found.query_type not in _READ_ALIKE:
        return found.confidence
    return found.confidence + sum(
        chance for kind, chance in found.alternatives if kind in _READ_ALIKE
    )


def plausible(found: Classification) -> tuple[QueryType, ...]:
    """Readings worth showing, the likeliest first; always two at least."""
    least = found.confidence * _WORTH_SHOWING
    near: list[QueryType] = [kind for kind, chance in found.alternatives if chance >= least]
    others = near or [kind for kind, _ in found.alternatives[:1]]
    readings: list[QueryType] = [found.query_type, *others]
    return tuple(readings[:_MOST])


def clarifying_request(question: str, found: Classification) -> dict[str, Any]:
    """Ask which reading is meant, in the form of an approval that inboxes show."""
    kinds = plausible(found)
    return question_back(
        f"What should be done with “{question[:200]}”?",
        [READINGS[kind] for kind in kinds],
        {"question": question, "readings": list(kinds)},
        step_id="classify",
        how="Respond with a number. Approving takes the first one.",
    )


def chosen(answer: Any, kinds: Sequence[QueryType]) -> QueryType:
    """Read an answer in any form: a number, a name, the words of a reading, or a decision."""
    words = words_of(answer)
    if approves(words):
        return kinds[0]
    if rejects(words):
        return kinds[1] if len(kinds) > 1 else kinds[0]
    place = numbered(words, len(kinds))
    if place is not None:
        return kinds[place]
    said = fold(words)
    named: list[QueryType] = [kind for kind in QUERY_TYPES if kind in said.replace(" ", "_")]
    return named[0] if named else max(kinds, key=lambda kind: _shared(said, kind))


def _shared(said: str, kind: QueryType) -> int:
    return len(set(said.split()) & set(fold(READINGS[kind]).replace(":", " ").split()))
