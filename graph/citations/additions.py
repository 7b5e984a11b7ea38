"""Whether a sentence puts something of its own before, behind or into what its quote says."""

import re
from collections.abc import Sequence
from typing import Final

from graph.citations.quantities import facts_of
from graph.citations.word_lists import listed
from graph.retrieval.sentences import units
from graph.retrieval.terms import asked_terms, terms
from kb_contract.asking_words import only_asks

_LEAD_IN: Final = re.compile(r"\W*([A-Za-z][^:.!?\n]{0,80}?)(?:: | \u2014 | - )")
# They only say that something is said.
_NEUTRAL: Final = (
    "answer short brief note noted result yes sum conclusion overall also therefore thus hence namely specifically"
    " states stated stating write written source quote passage page text it is that means in particular important"
    # Other rules judge these.
    " limited restricted reserved only nobody nothing unless except exempt longer more any anyone everyone always never"
    " must should may can recommended suggested planned proposed need needs required allowed permitted forbidden possible optional most some all every each ought"
    " usually generally normally typically often frequently mostly mainly largely majority sometimes occasionally"
    " rarely seldom several many few certain various"
    " might could almost nearly about approximately roughly around one ones both"
    " first then next finally afterwards otherwise instead"
    # These add nothing.
    " currently now today just simply actually really even already still too well company organisation organization firm person people"
    " get gets got make makes made do done take takes give gives given happen happens apply applies become becomes"
    " located situated found available upon consist consists comprise comprises immediately promptly instantly"
    " use used using set put have has keep so such those these other others than however while"
)
# What takes the rest of a sentence back, or doubts it.
_DOUBTS: Final = listed(
    r"myths?|rumou?r(?:s|ed)?|fiction(?:al)?|hoax|false|falsely|untrue|wrong|wrongly|incorrect|incorrectly|invalid"
    r"|outdated|obsolete|superseded|withdrawn|rejected|repealed|hypothetical|hypothetically|alleged|allegedly"
    r"|supposed|supposedly|reportedly|unconfirmed|contrary|misconceptions?|mistaken|mistakenly|lies?|joke|draft"
    r"|contest(?:s|ed)?|disputes?|disputed|opposite|reverse|denied|cancell?ed|revoked|void|fake|overruled|suspended"
)
# What vouches for it: nobody did who is not quoted.
_VOUCHES: Final = listed(
    "true|valid|official|officially|confirmed|approved|guaranteed|certified|verified|proven|agreed|signed|ordered"
    "|decided|endorsed|accepted|promised"
)
_LEAST: Final = 3


def judges(sentence: str, sources: str) -> bool:
    """Whether it takes back or doubts what it says, and nothing that it rests on does."""
    return bool(_unsaid(_DOUBTS.findall(sentence), sources))


def leads_in(sentence: str, sources: str, question: str) -> bool:
    """Whether words before a colon say something that no source says; the question lends what it asks about."""
    found = _LEAD_IN.match(sentence)
    if found is None or found[0].strip() in sources:
        return False
    said = found[1]
    if _unsaid([*_DOUBTS.findall(said), *_VOUCHES.findall(said)], sources):
        return True
    if only_asks(said):
        return False
    wanted = asked_terms(facts_of(said).rest)
    known = wanted & terms(f"{sources} {question} {_NEUTRAL}")
    copied = _folded(sentence[found.end() :]) in _folded(sources)
    return len(known) < len(wanted) if copied else 2 * len(known) < len(wanted)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _unsaid(words: Sequence[str], sources: str) -> list[str]:
    there = terms(sources)
    return [one for one in words if not terms(one) <= there]


def adds_to_copy(sentence: str, quotes: Sequence[str], known: frozenset[int]) -> bool:
    """Whether it says all of what a quoted sentence says, and words beside that stand nowhere."""
    said = terms(facts_of(sentence).rest)
    extra = asked_terms(facts_of(sentence).rest) - known - terms(_NEUTRAL)
    if not extra:
        return False
    copied = [terms(facts_of(unit.of(quote)).rest) for quote in quotes for unit in units(quote)]
    return any(len(one) >= _LEAST and one <= said for one in copied)
