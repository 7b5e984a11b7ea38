"""Tells the type of a question with weighted signals; needs no provider and no model."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graph.classification.classifier import Classification, KnownAgents
from graph.classification.english import ENGLISH
from graph.classification.languages import CHANGES, OTHER_LANGUAGES
from graph.classification.live_state import asks_live_state
from graph.classification.query_type import QUERY_TYPES, QueryType
from graph.classification.reading import Clause, Reading, read
from graph.classification.signals import heard
from graph.classification.small_talk import is_small_talk
from graph.classification.verbs import change_verb

_CHANGES: Final = {code: re.compile(pattern) for code, pattern in CHANGES.items()}
# Nothing heard: most questions are after one fact.
_PRIOR: Final[Mapping[QueryType, float]] = {"simple_lookup": 0.9, "rag_document": 0.4}
_TERSE_WORDS: Final = 6
# Softens the scores into probabilities that come true about as often as they say.
_TEMPERATURE: Final = 1.15
_QUESTION: Final = re.compile(r"(?:how|who|when|why|what|where|which|whose)\b")


@dataclass(frozen=True)
class RuleClassifier:
    """The classifier that always works."""

    async def classify(self, question: str, *, registry: KnownAgents) -> Classification:
        return classify(question, registry=registry)


def classify(question: str, *, registry: KnownAgents | None = None) -> Classification:
    """Classify by rules alone."""
    if not re.search(r"\w", question):
        return Classification("simple_lookup", 0.2, "empty", reasons=("there is no question",))
    if is_small_talk(question):
        return Classification("simple_lookup", 0.99, "small_talk", reasons=("politeness only",))
    reading = read(question, names=registry.names() if registry else ())
    scores, reasons = _score(reading)
    chances = _chances(scores)
    best: QueryType = max(QUERY_TYPES, key=lambda kind: chances[kind])
    others: list[QueryType] = sorted(
        (kind for kind in QUERY_TYPES if kind != best), key=lambda kind: -chances[kind]
    )
    return Classification(
        query_type=best,
        confidence=round(chances[best], 4),
        path="rules",
        alternatives=tuple((kind, round(chances[kind], 4)) for kind in others),
        reasons=tuple(why for kind, why in reasons if kind == best),
    )


def _score(reading: Reading) -> tuple[dict[QueryType, float], list[tuple[QueryType, str]]]:
    scores: dict[QueryType, float] = {kind: _PRIOR.get(kind, 0.0) for kind in QUERY_TYPES}
    reasons: list[tuple[QueryType, str]] = []
    for one, weight in heard(reading, OTHER_LANGUAGES.get(reading.language, ENGLISH)):
        for kind, points in one.weights.items():
            scores[kind] += points * weight
            reasons.append((kind, one.name))
    for clause in reading.clauses:
        points, why = _acting(clause, reading.language)
        scores["tool_operation"] += points
        if points:
            reasons.append(("tool_operation", why))
    if _questions(reading) > 1:
        scores["complex_analysis"] += 1.2
        reasons.append(("complex_analysis", "asks two things that belong together"))
    if reading.words <= _TERSE_WORDS and not any(_QUESTION.match(c.plain) for c in reading.clauses):
        scores["simple_lookup"] += 0.6
        reasons.append(("simple_lookup", "a few words that name a thing"))
    return scores, reasons


def _questions(reading: Reading) -> int:
    joined = [one for one in reading.clauses if one.weight > 0.5 and one.link in ("", "and")]
    return sum(bool(_QUESTION.match(one.plain)) for one in joined)


def _acting(clause: Clause, language: str) -> tuple[float, str]:
    """Points for acting on the system or reading its state."""
    if verb := ordered_change(clause.plain, language):
        return 6.0 * clause.weight, f"orders a change: {verb}"
    if asks_live_state(clause.plain):
        return 4.2 * clause.weight, "asks how the system is right now"
    return 0.0, ""


def ordered_change(plain: str, language: str = "en") -> str | None:
    """Return the verb of an order to change something."""
    if verb := change_verb(plain):
        return verb
    # Which of the other languages it is, small words cannot always tell; an order must not be missed.
    tables = () if language == "en" else _CHANGES.values()
    found = next((match for one in tables if (match := one.match(plain))), None)
    return found.group().split()[-1] if found else None


def _chances(scores: Mapping[QueryType, float]) -> dict[QueryType, float]:
    top = max(scores.values())
    raised: dict[QueryType, float] = {
        kind: math.exp((score - top) / _TEMPERATURE) for kind, score in scores.items()
    }
    total = sum(raised.values())
    return {kind: value / total for kind, value in raised.items()}
