"""The form of a question: its words in their order, after what never changes an answer is put into one way."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graph.caching.letter_case import LetterCase, letter_case
from graph.caching.spelling import spelled
from graph.caching.wording import as_written, plainly, reworded
from graph.classification.language import SMALL_WORDS, UNSURE, language_of

Words = tuple[str, ...]
# Flags, signed numbers and ".5" keep their mark; "C++", "a.b", "x/y", "co-pilot" and "3:4" are one word each;
# every other mark stands for itself.
_TOKEN: Final = re.compile(
    r"(?<![\w-])-{1,2}\w[\w-]*|(?<![\w.])\.\d+|\w+(?:[._@#/+:&'-]+\w+)*[+#]*|[^\s\w]"
)
_ENGLISH: Final = SMALL_WORDS["en"] - frozenset(
    ["a", "i", "me", "an", "on", "in", "we", "is", "was", "do", "and"]
)
"""Words of no other language, nearly."""
_BE: Final = frozenset({"is", "are"})
_OWN: Final = frozenset({"the", "my", "our", "your", "his", "her", "their"})


@dataclass(frozen=True)
class QuestionForm:
    """What two questions are compared by."""

    ways: frozenset[Words]
    """More than one where it leaves something open: "steps to …" may be mine or ours."""
    case: LetterCase | None = None
    """None where it is compared letter by letter."""


@lru_cache(4_096)
def form_of(question: str) -> QuestionForm:
    """Read a question; one that is not English word for word, in the letters that it was written in."""
    said = plainly(question)
    tokens = _TOKEN.findall(said)
    if not _is_english(said, tokens):
        first, *others = _TOKEN.findall(as_written(question)) or [""]
        return QuestionForm(frozenset({("", first.lower(), *others)}))
    words = _TOKEN.findall(reworded(question))
    ways = _ways([spelled(one) for one in words])
    return QuestionForm(frozenset(ways), letter_case(tokens, frozenset(words)))


def _is_english(said: str, tokens: Sequence[str]) -> bool:
    if language_of(said) not in {"en", UNSURE}:
        return False
    plain = all(one.isascii() for one in said if one.isalpha())
    return plain or bool(_ENGLISH.intersection(one.lower() for one in tokens))


def _ways(words: Sequence[str]) -> Iterator[Words]:
    match words:
        case ["how", "to", *others]:
            yield from (("how", who, *others) for who in ("i", "we", "to"))
        case ["what" | "where" as asked, be, *others] if be in _BE and others:
            yield (f"{asked} is", *others)
        case [own, _, *_] if own in _OWN:
            # A thing, of which nothing but what it is can be asked; "reset code" might be an order.
            yield tuple(words)
            yield ("what is", *words)
        case _:
            yield tuple(words)
