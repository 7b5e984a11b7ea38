"""The classifier that is asked first: trained on labelled questions, rules among its evidence."""

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Protocol

from graph.classification.classifier import Classification, KnownAgents
from graph.classification.encoder import Encoder
from graph.classification.query_type import QUERY_TYPES, QueryType
from graph.classification.question_model import QuestionModel, load_card, load_model
from graph.classification.rules import classify
from graph.classification.wording import what_decides, wording_of
from kb_contract.errors import BadSetting, ModelFailed
from kb_contract.sentence_models.model_files import find_model

WITH_MEANING: Final = "model"
WORDING_ONLY: Final = "wording"
BY_PROVIDER: Final = "llm"
# How often a provider is taken to be right.
_TRUST_IN_PROVIDER: Final = 0.9
_SURE_ALREADY: Final = frozenset({"small_talk", "empty"})
_log = logging.getLogger("graph.classification")


class Adviser(Protocol):
    """Somebody who is asked where the local classifier is unsure; None when there is no answer."""

    async def advise(self, question: str, likely: tuple[QueryType, ...]) -> QueryType | None: ...


@dataclass(frozen=True)
class Parts:
    """What is loaded once per process."""

    model: QuestionModel
    encoder: Encoder | None
    """None where the sentence model that was trained with is not installed."""


@dataclass
class TrainedClassifier:
    """Needs no provider; with one, only unsure questions are sent there."""

    adviser: Adviser | None = None
    advised_below: float = 0.8
    parts: Parts | None = None
    """Loaded at the first question, unless given."""
    _loading: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    async def classify(self, question: str, *, registry: KnownAgents) -> Classification:
        """Classify here; ask the provider when unsure."""
        found = await asyncio.to_thread(self.local, question, names=known_names(registry))
        if (
            self.adviser is None
            or found.path in _SURE_ALREADY
            or found.confidence >= self.advised_below
        ):
            return found
        return await self._advised(question, found, self.adviser)

    def local(self, question: str, *, names: tuple[str, ...] = ()) -> Classification:
        """Classify without a provider; the same answer every time."""
        by_rules = classify(question)
        if by_rules.path in _SURE_ALREADY:
            return by_rules
        parts = self._ready()
        wording = wording_of(question, names)
        meaning = None
        if parts.encoder is not None:
            meaning = parts.encoder.encode(what_decides(question, names))
        chances = parts.model.chances(wording, meaning)
        ranked = sorted(zip(QUERY_TYPES, chances.tolist(), strict=True), key=lambda one: -one[1])
        best, confidence = ranked[0]
        agreed = best == by_rules.query_type
        return Classification(
            query_type=best,
            confidence=round(confidence, 4),
            path=WORDING_ONLY if meaning is None else WITH_MEANING,
            alternatives=tuple((kind, round(chance, 4)) for kind, chance in ranked[1:]),
            reasons=by_rules.reasons if agreed else (f"rules alone say {by_rules.query_type}",),
        )

    async def _advised(
        self, question: str, found: Classification, adviser: Adviser
    ) -> Classification:
        likely: list[QueryType] = [found.query_type, *(kind for kind, _ in found.alternatives)]
        try:
            said = await adviser.advise(question, tuple(likely))
        except ModelFailed as error:
            _log.warning("the provider did not say what kind of question it is: %s", error)
            said = None
        return found if said is None else decided(found, said, BY_PROVIDER)

    def _ready(self) -> Parts:
        if self.parts is None:
            with self._loading:
                self.parts = self.parts or load_parts()
        return self.parts


def decided(found: Classification, said: QueryType, path: str) -> Classification:
    """What somebody decided who knows better; the local reading is kept beside it."""
    rest = 1 - _TRUST_IN_PROVIDER if path == BY_PROVIDER else 0.0
    known: list[tuple[QueryType, float]] = [
        (found.query_type, found.confidence),
        *found.alternatives,
    ]
    others = sorted((one for one in known if one[0] != said), key=lambda one: -one[1])
    total = sum(chance for _, chance in others) or 1.0
    return Classification(
        query_type=said,
        confidence=1 - rest,
        path=path,
        alternatives=tuple((kind, round(rest * chance / total, 4)) for kind, chance in others),
        reasons=(f"alone we would say {found.query_type} ({found.confidence:.0%})",),
    )


def known_names(registry: KnownAgents) -> tuple[str, ...]:
    """Names and titles of agents as they are now, the longest first."""
    return tuple(sorted({*registry.names(), *registry.titles()}, key=lambda one: (-len(one), one)))


@cache
def load_parts() -> Parts:
    """Load the model, and the sentence model that it was trained with where that is installed."""
    card, model = load_card(), load_model()
    try:
        files = find_model(card.encoder)
        if files.weights_sha256() != card.encoder_sha256:
            raise BadSetting("other weights than those trained with", where=card.encoder)
        return Parts(model, Encoder(files.folder, model.changes).ready())
    except (BadSetting, OSError) as error:
        _log.warning("questions are classified by their wording alone: %s", error)
        return Parts(model, None)
