"""Whether a sentence says a thing of no more, and of no fewer alone, than its quote does."""

import re
from collections.abc import Sequence
from typing import Final

from graph.citations.polarity import is_negated
from graph.citations.scope import Piece
from graph.citations.word_lists import listed

_ALL: Final = listed(
    "all|every|each|everyone|everybody|everything|everywhere|always|entire|entirely|wholly|fully|completely"
    "|without exception|invariably"
)
_MOST: Final = listed(
    r"most|majority|mostly|mainly|largely|(?:nearly|almost) (?:all|every\w*|always)|usually|generally|normally"
    "|typically|commonly|often|frequently|in general|as a rule|predominantly|tends?(?= to)"
)
_SOME: Final = listed(
    r"some|several|few|certain|many|sometimes|occasionally|at times|rarely|seldom|partly|partially|half|selected"
    r"|a number of|minority|in some cases|various|not (?:all|every\w*|always)"
)
_LEADING: Final = re.compile(r"\W*(?:(?:the|a|an|only|very|in) )?", re.IGNORECASE)
_OFTEN: Final = listed(
    "mostly|mainly|largely|usually|generally|normally|typically|often|frequently|in general|as a rule|sometimes"
    "|occasionally|at times|rarely|seldom|partly|partially|in some cases"
)
# `every 90 days`, `at most`, `after all`, `most important`: it is of nobody how many they are.
_NO_QUANTITY: Final = re.compile(
    r"\b(?:every|each|some) (?:\d|other\b|second\b|few\b|time\b"
    r"|(?:\w+[ -])?(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|quarters?|years?)\b)"
    r"|\b(?:after|in|at) all\b|\b(?:at|the) most\b"
    r"|\bmost (?:\w+ly )?(?:recent|likely|important|common|\w+(?:ive|able|ous|ful|al|ent|ant))\b",
    re.IGNORECASE,
)
_SHARE: Final = re.compile(r"\d\s*(?:%|per ?cent\b)", re.IGNORECASE)
_NEARLY: Final = re.compile(r"\b(?:nearly|almost) (?:all|every\w*|always)\b", re.IGNORECASE)
_EVERYBODY: Final = 3
_ONLY: Final = re.compile(
    r"(?<!not )(?<![\w-])(?:only|solely|exclusively)(?![\w-])(?!\s+(?:\d|one\b|two\b|three\b|a few\b|about\b))",
    re.IGNORECASE,
)
# All ways to keep others out, so that none of them is taken for a lost `only`.
_LIMITED: Final = listed(
    r"only|solely|exclusively|just|limited|restricted|reserved|confined|unless|except\w*|exempt\w*|apart from|but"
    "|other than|sole|not|never|no|none|nobody|nothing|cannot|without|must|requires?|required|needs?|until|^with"
)


def says_of_more(sentence: str, used: Sequence[Piece]) -> bool:
    """Whether it says of all what its quote says of most or some, of some what is said of them only."""
    here = [one for one in used if not is_negated(one.text)]
    if not here or is_negated(sentence):
        return False
    return _shuts_out(sentence, here) or _lets_in(sentence, here) or _widens(sentence, here)


def _shuts_out(sentence: str, here: Sequence[Piece]) -> bool:
    return bool(_ONLY.search(sentence)) and not any(_LIMITED.search(one.sentence) for one in here)


def _lets_in(sentence: str, here: Sequence[Piece]) -> bool:
    return all(_ONLY.search(one.text) for one in here) and not _LIMITED.search(sentence)


def _widens(sentence: str, here: Sequence[Piece]) -> bool:
    said, there = _ranks(sentence), max([0, *(rank for one in here for rank in _ranks(one.text))])
    if said:
        return 0 < there < min(said)
    if _SHARE.search(sentence):
        return False  # its number says how many
    return all(_limits(one.text) for one in here)


def _ranks(text: str) -> set[int]:
    """Return of how many it is said: 3 of all, 2 of most, 1 of some."""
    plain = _NEARLY.sub("most", _NO_QUANTITY.sub(" ", text))
    return {rank for rank, words in enumerate((_SOME, _MOST, _ALL), start=1) if words.search(plain)}


def _limits(text: str) -> bool:
    """Whether its subject is most or some of them, or it happens at times."""
    plain = _NO_QUANTITY.sub(" ", text)
    first = _LEADING.match(plain)
    at = first.end() if first else 0
    leads = any(words.match(plain, at) for words in (_MOST, _SOME))
    return (leads or bool(_OFTEN.search(plain))) and _EVERYBODY not in _ranks(text)
