"""Joins what the rules took apart with what a trained model reads in the whole question."""

import logging
import threading
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from graph.classification.classifier import Classification
from graph.classification.encoder import Encoder
from graph.classification.wording import ends_of
from graph.planning.conventions import by_convention
from graph.planning.evidence import Evidence, evidence_of
from graph.planning.needs_labels import MOST, Outline, outline_of
from graph.planning.needs_model import (
    NeedsModel,
    Reading,
    load,
    load_card,
    sentence_model,
)
from graph.planning.reshaping import reshaped
from graph.planning.sketch import Sketch
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.model_files import find_model

# A greeting must be a plain one: a question that is taken for small talk gets no answer.
_SURELY_A_GREETING: Final = 0.8
_RATHER_A_GREETING: Final = 0.5
# "How do I undo it but keep my changes?" orders nothing to be kept.
_HARDLY_A_DEED: Final = 0.05
_A_LIKELY_DEED: Final = 0.3
# The sentence model knows English only: elsewhere less of a chance must do, and where the type says so.
_A_SUSPICION: Final = 0.06
# "List the documents" and "may I open it?" ask for nothing else, unless more than this says so.
_A_DEED: Final = 0.5
NOTHING_SAID: Final = Evidence()
_SEVERAL: Final = 3
# The model was taught no longer questions than people ask at once.
_MOST_NEEDS: Final = 8
_log = logging.getLogger("graph.planning")


@dataclass(frozen=True)
class Parts:
    """What is loaded once per process."""

    model: NeedsModel
    encoder: Encoder
    asks_from: float


@dataclass
class NeedsReader:
    """Evidence beside the rules; without the sentence model the rules stand alone."""

    parts: Parts | None = None
    """Loaded at the first question, unless given."""
    rules_alone: bool = False
    _loading: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def joined(
        self, sketch: Sketch, question: str, classification: Classification | None = None
    ) -> Sketch:
        """Return the sketch as the rules, the type and the model together would have it."""
        parts = self._ready()
        if parts is None or len(sketch.needs) > _MOST_NEEDS:
            return sketch
        rules = outline_of(sketch)
        evidence = evidence_of(question, rules, classification)
        meaning = parts.encoder.encode(ends_of(question))
        reading = parts.model.read(meaning, rules, classification)
        if _asks_what_there_is(sketch) and _looks_only(reading, evidence):
            return sketch
        wanted = decided(rules, reading, parts.asks_from, evidence)
        nowhere = _only_reads(sketch) and not wanted.count("knowledge")
        if nowhere and evidence.leave and reading.action() < _A_DEED:
            return sketch
        return reshaped(sketch, wanted, question)

    def _ready(self) -> Parts | None:
        if self.parts is None and not self.rules_alone:
            with self._loading:
                self.parts = load_parts()
                self.rules_alone = self.parts is None
        return self.parts


def _only_reads(sketch: Sketch) -> bool:
    return bool(sketch.needs) and all(one.capability == "knowledge" for one in sketch.needs)


def _asks_what_there_is(sketch: Sketch) -> bool:
    return bool(sketch.needs) and all(one.capability == "catalogue" for one in sketch.needs)


def _looks_only(reading: Reading, evidence: Evidence) -> bool:
    chosen = evidence.chosen == "schema_discovery"
    return chosen or (reading.looks_once() and reading.action() < _A_DEED)


def decided(
    rules: Outline, reading: Reading, asks_from: float, evidence: Evidence = NOTHING_SAID
) -> Outline:
    """Choose an outline: a deed that the rules or the model see is asked for, whatever else fits."""
    acts = asks(rules, reading, asks_from, evidence)
    greets = reading.greeting() >= _SURELY_A_GREETING and not acts
    best = reading.best(
        acts=acts, greets=greets, sides=rules.clipped().sides(),
        allowed=lambda outline: evidence.allows(outline, rules),
    )  # fmt: skip
    return by_convention(_counted_by_the_rules(best, rules), rules, evidence)


def asks(
    rules: Outline, reading: Reading, asks_from: float, evidence: Evidence = NOTHING_SAID
) -> bool:
    """Tell whether a person must be asked.

    In what begins as a question, a verb of the rules needs some belief of the model; where documents
    are asked, the model needs more than a suspicion. What is handed over is a deed whatever the rest says.
    """
    if evidence.looks_up():
        return False
    if evidence.handed and not evidence.away:
        return True
    if rules.count("action"):
        least = _A_LIKELY_DEED if evidence.told_apart else _HARDLY_A_DEED
        return not evidence.wonders or reading.action() >= least
    if reading.greeting() >= _RATHER_A_GREETING:
        return False
    return reading.action() >= _enough(asks_from, evidence) and not evidence.away


def _enough(asks_from: float, evidence: Evidence) -> float:
    """From which chance of a deed a person is asked, where the model alone suspects one."""
    if evidence.how:
        return _A_DEED
    explained = evidence.explained and not evidence.foreign
    if evidence.documents or explained or (evidence.plain and evidence.wonders):
        return _A_LIKELY_DEED
    unsure = evidence.foreign or evidence.does
    return min(asks_from, _A_SUSPICION) if unsure else asks_from


def _counted_by_the_rules(best: Outline, rules: Outline) -> Outline:
    """Of more steps of a kind than the model tells apart, the words say how many there are."""
    pairs = zip(best.counts, rules.counts, MOST, strict=True)
    counts = tuple(max(said, named) if said == most > 1 else said for said, named, most in pairs)
    named = rules.count("knowledge")
    together = best.count("comparison") + best.count("calculation")
    # What is compared or added up is named: "the six tills", "oak, pine and larch".
    if together and named >= _SEVERAL and best.count("knowledge") >= _SEVERAL - 1:
        counts = (named, *counts[1:])
    return replace(best, counts=counts)


@cache
def load_parts() -> Parts | None:
    """Load the model, if the sentence model that it was trained beside is installed."""
    card = load_card()
    try:
        files = find_model(card.encoder)
        if files.weights_sha256() != card.encoder_sha256:
            raise BadSetting("other weights than those trained with", where=card.encoder)
    except (BadSetting, OSError) as error:
        _log.warning("questions are planned by rules alone: %s", error)
        return None
    model = load()
    return Parts(model, sentence_model(files.folder, model.changes), card.asks_from)
