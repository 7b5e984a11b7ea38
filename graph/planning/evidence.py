"""What the words of a question and its type say about its plan, beside what the rules took apart."""

import re
from dataclasses import dataclass
from typing import Final

from graph.classification.clarifying import sureness
from graph.classification.classifier import Classification
from graph.classification.language import language_of
from graph.classification.query_type import QueryType
from graph.classification.spelling import fold
from graph.planning.chosen_type import LOOKS_UP, chosen_type, of_type
from graph.planning.needs_labels import Outline
from graph.planning.phrases import begins, says
from graph.planning.sides import counted_sides
from kb_contract.asked_in_short import asked_in_short

_SURE: Final = 0.8
_SURER: Final = 0.9
_ENDS_WITH_HOW: Final = re.compile(
    r"[,;:(-]\s*how\W*$|\s(?!(?:know|matter|care|mind|sure|them|me|us|him|her|show|explain|tell|of|about|and|or)\b)\S+\s+how\W*$"
)
_NUMBER: Final = re.compile(
    r"\d|\b(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half|third|quarter|double|twice|triple|percent|plus|minus|times)\b"
)
_RECKONS: Final = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half|third|quarter|double|twice|triple|total|sum|average|mean|altogether|difference|per|each|both)\b"
)
_MEASURED: Final = re.compile(
    r"\d|\b(?:more|less|fewer|than|over|above|below|under|exceed\w*|past|limit|threshold|maximum|minimum|permitted|allowed|allows|enough|safe|too|percent|half|due|nearly|almost|low|high|rules?|policy|neither|both|all)\b"
)


@dataclass(frozen=True)
class Evidence:
    """Each says something against what the model may believe of a question."""

    away: bool = False
    """The words turn deeds away."""
    wonders: bool = False
    """It begins as a question."""
    handed: bool = False
    """The words hand a matter over."""
    leave: bool = False
    """It asks whether something may be done, and not to do it."""
    how: bool = False
    """It asks how something is done, and not to do it."""
    documents: bool = False
    """Its type says that it is after what documents say."""
    does: bool = False
    """Its type says that something is done, and the rules see no look and no sum that would explain it."""
    plain: bool = False
    """It is after documents, and no word of it speaks of how things are now."""
    numbers: bool = True
    """There is something to reckon with."""
    reckons: bool = True
    """It names a number, or several things that are reckoned up."""
    measured: bool = True
    """It names a measure or a rule that a reading is held against."""
    explained: bool = False
    """The rules see a look, a sum or a comparison in it, which explain words that sound like an order."""
    in_short: bool = False
    """It asks for one text in short."""
    told_apart: bool = False
    """It asks what tells things apart, and their names may be verbs: "merge and rebase"."""
    counted: int = 0
    """So many things are counted and not named: "the six routes"; 0 where none are."""
    foreign: bool = False
    """It is in a language that the sentence model does not know."""
    chosen: QueryType | None = None
    """The type that a person picked when asked."""

    def looks_up(self) -> bool:
        """Whether a person said that something is to be looked up, so that nothing is done."""
        return self.chosen in LOOKS_UP

    def allows(self, outline: Outline, rules: Outline) -> bool:
        """Whether a plan of such an outline is what was asked for."""
        if self.chosen and not of_type(outline, self.chosen):
            return False
        if self.plain and outline.count("tool"):
            return False
        only_live = 0 < rules.count("tool") == sum(rules.counts)
        if only_live and not outline.count("tool") + outline.count("action"):
            return False
        looked_up = outline.count("knowledge") + outline.count("tool")
        reckons = outline.count("calculation") and not rules.count("calculation")
        return self.numbers or looked_up > 0 or not reckons


def evidence_of(
    question: str, rules: Outline, classification: Classification | None = None
) -> Evidence:
    """Gather it; without a type the words alone speak."""
    handed = says(question, "handed over")
    plain, does = fold(question), _does(classification, rules)
    return Evidence(
        away=says(question, "turned away"),
        wonders=begins(question, "asks"),
        handed=handed,
        leave=_for_leave(question, does=does) and not handed,
        how=asks_how(question),
        documents=_after_documents(classification, _SURER),
        does=does,
        plain=_is_plain(question, rules, classification),
        numbers=bool(_NUMBER.search(plain)),
        reckons=bool(_RECKONS.search(plain)),
        measured=bool(_MEASURED.search(plain)),
        explained=any(map(rules.count, ("tool", "calculation", "comparison"))),
        in_short=bool(asked_in_short(question)),
        told_apart=says(question, "told apart"),
        counted=counted_sides(question)[0],
        foreign=language_of(question) != "en",
        chosen=chosen_type(classification),
    )  # fmt: skip


def asks_how(question: str) -> bool:
    """Tell whether the way is asked for: "how do I …", "remove a member, how?"."""
    return begins(question, "asks how") or bool(_ENDS_WITH_HOW.search(fold(question)))


def _for_leave(question: str, *, does: bool) -> bool:
    """Tell it of words like "could I", too, which ask for leave or politely for a deed: the type says which."""
    asks = begins(question, "for leave") or (begins(question, "could") and not does)
    return asks and not begins(question, "for something")


def _does(classification: Classification | None, rules: Outline) -> bool:
    if classification is None or classification.query_type != "tool_operation":
        return False
    explained = rules.count("tool") + rules.count("calculation")
    return classification.confidence >= _SURER and not explained


def _is_plain(question: str, rules: Outline, classification: Classification | None) -> bool:
    only_reads = rules.count("knowledge") == sum(rules.counts)
    live = says(question, "live now") or begins(question, "happens")
    return only_reads and not live and _after_documents(classification, _SURE)


def _after_documents(classification: Classification | None, sure: float) -> bool:
    if classification is None or classification.query_type not in LOOKS_UP:
        return False
    return sureness(classification) >= sure
