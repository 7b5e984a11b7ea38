"""Whether two pages are about two things, so that what holds on the one says nothing of the other.

A title names a document (`Security handbook`) or a thing (`Nimbus`). Documents speak of one world; of things,
each has a battery of its own. A sentence that says enough of what it is about needs no title.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from graph.retrieval.terms import terms

# So many words that two sentences share say what they are about; fewer where a name is among them.
SPEAKS_FOR_ITSELF: Final = 4
FEWEST_WITH_A_NAME: Final = 3

# What a title calls a document, and not what the document is about.
_GENRES: Final = (
    "handbook guide guides guideline policy policies manual faq questions notes note rules rule runbook playbook"
    " reference checklist procedure process terms conditions overview wiki plan calendar notice announcement"
    " welcome onboarding glossary summary introduction intro basics getting started start quickstart glance howto"
    " tutorial documentation docs document standard standards charter agreement levels sla requirements"
    " installation install setup configuration settings troubleshooting upgrade administration changelog release"
    " releases report minutes memo newsletter news index readme about information regulations code principles"
    " handbuch richtlinie leitfaden anleitung regeln ordnung merkblatt hinweise uebersicht"
)
# Such a document is an organisation's, whatever it is about; a manual may be that of one thing.
_OF_AN_ORGANISATION: Final = (
    "handbook policy policies rules rule terms conditions standard standards guideline procedure charter"
    " regulations principles faq handbuch richtlinie regeln ordnung"
)
# How often something happens, and how much of it, is not what it happens to.
_MEASURES: Final = (
    "second minute hour day night week month quarter year within above below least most up default"
)
_DETERMINER: Final = re.compile(r"\W*(?:the|our|your|each|every|all|any|an?)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"\w[\w'-]*")
_IN_THE_SUBJECT: Final = 2
# `Storage box S`, `Plan B`: not the article that a title begins with.
_LETTER: Final = re.compile(r"(?<=\w )[A-Z]\b")


@dataclass(frozen=True)
class Titled:
    """A sentence with the title of its page."""

    text: str
    title: str

    @property
    def about(self) -> frozenset[int]:
        return terms(self.title) - _stems(_GENRES)

    @property
    def letters(self) -> list[str]:
        return _LETTER.findall(self.title)

    @property
    def genres(self) -> frozenset[int]:
        return terms(self.title) & _stems(_GENRES)


def of_two_things(one: Titled, other: Titled, shared: frozenset[int]) -> bool:
    """Tell by the titles, unless the words that both sentences share say what they are about."""
    ours, theirs = one.about - other.about, other.about - one.about
    shared -= _stems(_MEASURES)
    if not ours or not theirs:
        return one.letters != other.letters
    named = len(shared) >= FEWEST_WITH_A_NAME and bool(
        shared & (ours ^ theirs) or _named(one, other)
    )
    if named:
        return False
    if one.about & other.about:
        return True  # `Oslo office`, `Madrid office`: pages of one pattern
    if one.genres and other.genres:
        return one.genres == other.genres and not one.genres & _stems(_OF_AN_ORGANISATION)
    return len(shared) < SPEAKS_FOR_ITSELF


def _named(one: Titled, other: Titled) -> bool:
    """Whether both begin with the same name: `The Atlas cluster`, `VPN sessions`."""
    return bool(_names(one.text) & _names(other.text))


def _names(text: str) -> frozenset[str]:
    begins = _DETERMINER.match(text)
    words = _WORD.findall(text[begins.end() if begins else 0 :])[:_IN_THE_SUBJECT]
    return frozenset(
        word for place, word in enumerate(words)
        if any(each.isupper() for each in (word if begins or place else word[1:]))
    )  # fmt: skip


@cache
def _stems(words: str) -> frozenset[int]:
    return terms(words)
