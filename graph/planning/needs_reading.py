"""Joins what the rules took apart with what a trained model reads in the whole question."""

import logging
import re
import threading
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from graph.classification.encoder import Encoder
from graph.classification.spelling import fold
from graph.classification.wording import ends_of
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
# "List the documents" and "may I open it?" ask for nothing else, unless more than this says so.
_A_DEED: Final = 0.5
_QUESTION: Final = re.compile(
    r"(?:and\s+|so\s+|hi\W+|hello\W+)?(?:how|what|which|who|whose|where|when|why|explain|describe|is|are|was|were|does|do|did|has|have|should)\b"
)
# Whoever says that nothing is to be done yet is taken at their word, unless the rules find an order.
_TURNED_AWAY: Final = re.compile(
    r"\b(?:without\s+(?:sending|dispatching|posting|publishing|changing|touching|booking|ordering|deleting|issuing|releasing)|unsent|dry\s+run|drafts?\s+only|only\s+(?:a\s+)?draft|preview|just\s+(?:asking|curious|out\s+of\s+curiosity)|for\s+my\s+information"
    r"|(?:do\s+not|don't|dont|never|must\s+not|mustn't|not\s+to\s+be|not\s+be|needn't\s+be)\s+(?:yet\s+|be\s+)?(?:send|sent|post|posted|publish|published|mail|mailed|email|circulate|circulated|order|ordered|book|booked|delete|deleted|change|changed|issue|issued|do|pay|paid|leave|announce|announced|touch|restart|cancel)"
    r"|(?:nothing|no\s+mail|no\s+message)\s+(?:goes|is\s+to\s+go|must\s+go|should\s+go|is\s+to\s+be|must\s+be|may\s+be|need\s+be|gets)|no\s+(?:dispatch|action|changes?|sending|orders?)\b|i\s*(?:'ll|\s+will|\s+shall|\s+want\s+to|'d\s+like\s+to)\s+(?:send|post|mail|do|see)\s+it(?:\s+(?:myself|first))?"
    r"|(?:leave|leaving)\s+(?:the\s+\w+|it|that|this)\s+(?:to|with)\s+me|(?:noch\s+)?nicht\s+(?:ab)?schicken|nichts\s+(?:bestellen|senden|abschicken|andern|loschen)|(?:ne\s+)?(?:l'|la\s+|le\s+)?envoyez\s+pas|sans\s+l'?\s*envoyer|je\s+l'enverrai|sin\s+enviar|no\s+envies|senza\s+inviar|non\s+(?:spedire|inviare|mandare)|nog\s+niet\s+versturen|ich\s+schicke\s+\w+\s+selbst)\b"
)
# Who hands a matter over wants something done about it, though no verb says what.
_HANDED_OVER: Final = re.compile(
    r"\b(?:kummer(?:st|n|t)?\s+(?:du|sie|ihr|dich|sich|euch)\b|(?:will|would|could|can)\s+you\s+(?:please\s+)?(?:see\s+to|take\s+care\s+of)\b|(?:please|pls)\s+(?:see\s+to|take\s+care\s+of)\s+(?:it|this|that)\b"
    r"|(?:tu\s+t'en|vous\s+vous\s+en|t'en|vous\s+en)\s+(?:occup|charg)\w+|(?:te|se)\s+encargas?\b|te\s+ocupas\b|ci\s+pensi\s+tu\b|te\s+ne\s+occupi\b|se\s+ne\s+occupa\b|cuidas?\s+disso\b|tratas?\s+disso\b|regel\s+jij\b|zorg\s+jij\b)"
)
# "Can I bring a dog?" asks what the rules of a house say; "can I have a poem?" asks for something.
_FOR_LEAVE: Final = re.compile(
    r"(?:and\s+|so\s+|hi\W+|hello\W+)?(?:(?:may|can|could|must)\s+(?:i|we|one)\b(?!\s+(?:please|have|get|see|ask|request|remind|suggest|trouble|bother)\b)"
    r"|(?:am\s+i|are\s+we|is\s+(?:it|one))\s+(?:allowed|permitted|entitled|ok|okay|all\s+right)\b"
    r"|(?:darf|durfen|muss|mussen)\s+(?:ich|wir|man)\b|(?:puis-je|peut-on|pouvons-nous|mag\s+(?:ik|men))\b)"
)
_SEVERAL: Final = 3
# The model was taught no longer questions than people ask at once.
_MOST_NEEDS: Final = 8
_LOOKED_AT: Final = 2_000
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

    def joined(self, sketch: Sketch, question: str) -> Sketch:
        """Return the sketch as the rules and the model together would have it."""
        parts = self._ready()
        if parts is None or len(sketch.needs) > _MOST_NEEDS:
            return sketch
        rules = outline_of(sketch)
        reading = parts.model.read(parts.encoder.encode(ends_of(question)), rules)
        if _asks_what_there_is(sketch) and reading.looks_once() and reading.action() < _A_DEED:
            return sketch
        wanted = decided(
            rules, reading, parts.asks_from,
            away=turned_away(question), wonders=begins_as_a_question(question),
            handed=handed_over(question),
        )  # fmt: skip
        nowhere = _only_reads(sketch) and not wanted.count("knowledge")
        if nowhere and asks_for_leave(question) and reading.action() < _A_DEED:
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


def decided(
    rules: Outline,
    reading: Reading,
    asks_from: float,
    *,
    away: bool = False,
    wonders: bool = False,
    handed: bool = False,
) -> Outline:
    """Choose an outline: a deed that the rules or the model see is asked for, whatever else fits."""
    acts = asks(rules, reading, asks_from, away=away, wonders=wonders, handed=handed)
    greets = reading.greeting() >= _SURELY_A_GREETING and not acts
    best = reading.best(acts=acts, greets=greets, sides=rules.clipped().sides())
    return _counted_by_the_rules(best, rules)


def asks(
    rules: Outline,
    reading: Reading,
    asks_from: float,
    *,
    away: bool = False,
    wonders: bool = False,
    handed: bool = False,
) -> bool:
    """Tell whether a person must be asked; `away` says that the words turn deeds away.

    In what begins as a question (`wonders`), a verb of the rules needs some belief of the model;
    what is handed over is a deed whatever the rest says.
    """
    if handed and not away:
        return True
    if rules.count("action"):
        return not wonders or reading.action() >= _HARDLY_A_DEED
    if reading.greeting() >= _RATHER_A_GREETING:
        return False
    return reading.action() >= asks_from and not away


def turned_away(question: str) -> bool:
    """Tell whether the words say that nothing is to be sent, changed or done yet."""
    return bool(_TURNED_AWAY.search(fold(question[:_LOOKED_AT])))


def handed_over(question: str) -> bool:
    """Tell whether the words hand a matter over: "will you see to it"."""
    return bool(_HANDED_OVER.search(fold(question[:_LOOKED_AT])))


def asks_for_leave(question: str) -> bool:
    """Tell whether the words ask if something may be done, and not to do it."""
    return bool(_FOR_LEAVE.match(fold(question[:_LOOKED_AT]).strip())) and not handed_over(question)


def begins_as_a_question(question: str) -> bool:
    """Tell whether it begins with a word that asks."""
    return bool(_QUESTION.match(fold(question[:_LOOKED_AT]).strip()))


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
