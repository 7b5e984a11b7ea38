"""Does a sentence say no more, and nothing else, than the quotes that it stands on?

All of it is declared: numbers, names, denials, opposites and words. A sentence that passes may still
be a bad summary; one that fails says something that its quotes do not say.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from graph.citations.additions import adds_to_copy, judges, leads_in
from graph.citations.force import says_firmer, says_of_another_time
from graph.citations.number_grounds import Held, goes_on, says_of_another
from graph.citations.polarity import denies, opposite
from graph.citations.quantifiers import says_of_more
from graph.citations.quantities import facts_of
from graph.citations.roles import turned_round
from graph.citations.scope import (
    adds_condition,
    drops_condition,
    drops_exception,
    pieces_of,
    turns_condition,
)
from graph.retrieval.sentences import units
from graph.retrieval.terms import terms

Fault = Literal[
    "number", "swapped", "denial", "opposite", "name", "quantity", "force", "time", "condition", "added", "words"
]  # fmt: skip
WHY: Final[dict[Fault, str]] = {
    "number": "a number in it stands in no quote",
    "swapped": "the quote says it of another",
    "denial": "the quote says the contrary",
    "opposite": "the quote says the contrary",
    "name": "a name in it stands in no quote",
    "quantity": "the quote says it of more, of fewer, or of them only",
    "force": "the quote says it less firmly, or more",
    "time": "the quote says it of another time",
    "condition": "the quote says it under another condition",
    "added": "words in it stand in no quote",
    "words": "the quote speaks of something else",
}
# Below this share of its words a sentence is not about its quote.
GROUNDED: Final = 0.34
_NAME: Final = re.compile(
    r"(?<![.!?:] )(?<!^)\b(?:[A-Z][\w-]*|\w*\d\w*[A-Za-z]\w*|\w*[A-Za-z]\w*\d\w*)\b"
)
# `In March` may stand in front or behind.
_CALENDAR: Final = re.compile(
    r"January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
)
_TURNED_ROUND: Final = re.compile(
    r"\b(?:by|of|from|who|whom|whose|which)\b|['\u2019]s\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Grounds:
    """What a sentence may rest on."""

    quotes: Sequence[str]
    about: str = ""
    """Titles and headings of the quotes, and what the table's columns are called."""
    question: str = ""
    """Its words may be said again; its numbers prove nothing."""
    computed: str = ""
    """What a calculation of this plan wrote down: numbers that no document has."""

    @property
    def text(self) -> str:
        return "\n".join(self.quotes)

    @property
    def all(self) -> str:
        return " ".join((self.text, self.about, self.question, self.computed))


def fault_of(sentence: str, grounds: Grounds) -> Fault | None:
    """Return what a sentence says that its quotes do not; None when there is nothing."""
    held = Held.of((f"{grounds.text}\n{grounds.computed}", grounds.about), grounds.question)
    if not held.holds(sentence) or goes_on(sentence, grounds.text):
        return "number"
    if any(says_of_another(sentence, quote) for quote in grounds.quotes):
        return "swapped"
    if _name_is_foreign(sentence, grounds) or any(
        _names_turned_round(sentence, one) for one in grounds.quotes
    ):
        return "name"
    if any(
        turned_round(sentence, unit.of(quote)) for quote in grounds.quotes for unit in units(quote)
    ):
        return "swapped"
    if grounds.quotes and all(denies(sentence, one) for one in _relevant(sentence, grounds.quotes)):
        return "denial"
    if (
        opposite(sentence, f"{grounds.text} {grounds.about}")
        and _share(sentence, grounds.text) >= 0.5
    ):
        return "opposite"
    if fault := _limits_lost(sentence, grounds):
        return fault
    return None if _share(sentence, grounds.all) >= GROUNDED else "words"


def _limits_lost(sentence: str, grounds: Grounds) -> Fault | None:
    """Return what of the quote's limits a sentence drops, or sets by itself."""
    said, sources = terms(sentence), f"{grounds.text}\n{grounds.about}\n{grounds.computed}"
    used = [one for one in pieces_of(grounds.quotes) if one.carries(said)]
    known = terms(grounds.all)
    lost: tuple[tuple[Fault, bool], ...] = (
        ("quantity", says_of_more(sentence, used)),
        ("force", says_firmer(sentence, used)),
        ("time", says_of_another_time(sentence, used, sources)),
        ("condition", turns_condition(sentence, used) or adds_condition(sentence, grounds.all)),
        ("condition", drops_condition(sentence, used, grounds.question)),
        ("condition", drops_exception(sentence, used, grounds.question)),
        ("added", judges(sentence, sources) or leads_in(sentence, sources, grounds.question)),
        ("added", adds_to_copy(sentence, grounds.quotes, known)),
    )  # fmt: skip
    return next((fault for fault, is_so in lost if is_so), None)


def _names(text: str) -> list[str]:
    """Return names; a first word is capital anyway, so it is none."""
    return [one[0] for one in _NAME.finditer(facts_of(text).rest) if terms(one[0])]


def _first_word(text: str) -> list[str]:
    found = re.match(r"\W*([A-Z]\w+)", text)
    return [found[1]] if found and terms(found[1]) else []


def _name_is_foreign(sentence: str, grounds: Grounds) -> bool:
    asked_for = _names(grounds.question)
    said = [*_names(sentence), *(one for one in _first_word(sentence) if one in asked_for)]
    if not said:
        return False
    there, about = terms(f"{grounds.text} {grounds.computed}"), terms(grounds.about)
    missing = [one for one in said if not terms(one) <= there | about]
    if not missing:
        return False
    # A name out of the question stands in for a pronoun, unless the quote has a name in its place.
    asked, ours = terms(grounds.question), terms(sentence)
    there_said = [name for one in grounds.quotes for name in (*_first_word(one), *_names(one))]
    left_out = [one for one in there_said if not terms(one) & ours]
    return any(not terms(one) <= asked for one in missing) or bool(left_out)


def _names_turned_round(sentence: str, quote: str) -> bool:
    """Whether the same names stand in another order in what are nearly the same words."""
    shared = [one for one in dict.fromkeys(_starting(sentence)) if one in _starting(quote)]
    if len(shared) < 2 or _share(sentence, quote) < 0.8:
        return False
    if len(_TURNED_ROUND.findall(sentence)) != len(_TURNED_ROUND.findall(quote)):
        return False
    there = [one for one in dict.fromkeys(_starting(quote)) if one in shared]
    return shared != there


def _starting(text: str) -> list[str]:
    """Return capitalised words; the first too, where it stands elsewhere as a name."""
    found = re.findall(r"\b[A-Z][a-z]+\b", text)
    return [one for one in found if terms(one) and not _CALENDAR.fullmatch(one)]


def _relevant(sentence: str, quotes: Sequence[str]) -> list[str]:
    """Return the quotes that share words with the sentence; all, where none does."""
    ours = terms(sentence)
    near = [one for one in quotes if len(ours & terms(one)) * 2 >= len(ours)]
    return near or list(quotes)


def _share(sentence: str, source: str) -> float:
    wanted = terms(facts_of(sentence).rest)
    return len(wanted & terms(source)) / len(wanted) if wanted else 1.0
