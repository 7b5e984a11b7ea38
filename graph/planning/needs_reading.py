"""Joins what the rules took apart with what a trained model reads in the whole question."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from graph.classification.encoder import Encoder
from graph.classification.wording import ends_of
from graph.planning.needs_labels import Outline, features_of, outline_of
from graph.planning.needs_model import NeedsModel, Reading, load, load_card, sentence_model
from graph.planning.reshaping import reshaped
from graph.planning.sketch import Sketch
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.model_files import find_model

# Below this the model is so sure that nothing is to be changed that a guessed verb does not count.
SURELY_NO_DEED: Final = 0.02
# A greeting must be a plain one: a question that is taken for small talk gets no answer.
_SURELY_A_GREETING: Final = 0.8
_MANY: Final = 4
_log = logging.getLogger("graph.planning")


@dataclass(frozen=True)
class Parts:
    """What is loaded once per process."""

    model: NeedsModel
    encoder: Encoder
    known: Mapping[Outline, int]
    asks_from: float


@dataclass
class NeedsReader:
    """Evidence beside the rules; without the sentence model the rules stand alone."""

    parts: Parts | None = None
    """Loaded at the first question, unless given."""
    rules_alone: bool = False
    _loading: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def joined(self, sketch: Sketch, question: str) -> Sketch:
        """Return the sketch as the rules and the model together would have it."""
        parts = self._ready()
        if parts is None:
            return sketch
        rules = outline_of(sketch)
        meaning = parts.encoder.encode(ends_of(question))
        reading = parts.model.read(meaning, features_of(rules))
        wanted = decided(rules, reading, parts.known, parts.asks_from)
        return reshaped(sketch, wanted, question)

    def _ready(self) -> Parts | None:
        if self.parts is None and not self.rules_alone:
            with self._loading:
                self.parts = load_parts()
                self.rules_alone = self.parts is None
        return self.parts


def decided(
    rules: Outline, reading: Reading, known: Mapping[Outline, int], asks_from: float
) -> Outline:
    """Choose an outline: a deed that the rules or the model see is asked for, whatever else fits."""
    chance = reading.action()
    acts = chance >= asks_from or (rules.count("action") > 0 and chance >= SURELY_NO_DEED)
    greets = reading.greeting() >= _SURELY_A_GREETING
    fitting = {
        one: often
        for one, often in {**known, rules: known.get(rules, 0)}.items()
        if (one.count("action") > 0) == acts and (one.shape == "direct") <= greets
    }
    best = reading.best(fitting)
    return _with_count_of_the_rules(best, rules)


def _with_count_of_the_rules(best: Outline, rules: Outline) -> Outline:
    """Many lookups are counted by the words: "the six tills"."""
    if best.count("knowledge") < _MANY or rules.count("knowledge") < _MANY:
        return best
    return replace(best, counts=(rules.count("knowledge"), *best.counts[1:]))


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
    return Parts(load(), sentence_model(files.folder).ready(), card.known(), card.asks_from)
