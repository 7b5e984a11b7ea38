"""Reads a question as far as two questions are compared by it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from graph.caching.small_words import (
    ASKING,
    BE,
    DO,
    EASY,
    HOLDERS,
    HOW,
    IDLE,
    KINDS,
    OPENING,
    PAST,
    PLACES,
    SMALL,
    SUBJECT,
    TURNING,
)
from graph.caching.word_keys import key_of, to_do
from graph.caching.wording import plainly, reworded
from graph.classification.language import UNSURE, language_of

# Flags and signed numbers keep their dash; "C++", "a.b", "x/y", "co-pilot" and "3:4" are one word each.
_TOKEN: Final = re.compile(r"(?<![\w-])-{1,2}\w[\w-]*|\w+(?:[._@#/+:&'-]+\w+)*[+#]*|[<>=+*/%$€£°]")
_QUOTED: Final = re.compile(r"[\"`]([^\"`]+)[\"`]|(?<!\w)'([^']+)'(?!\w)")
_ODD: Final = re.compile(r"\d|[._@#/+:&]|^-|[+#]$")
ENGLISH: Final = frozenset({"en", UNSURE})


@dataclass(frozen=True)
class Word:
    """A word that tells something, and what stands in front of it."""

    key: str
    said: str
    before: str = ""
    behind_be: bool = False


@dataclass(frozen=True)
class Reading:
    """What a question asks."""

    language: str
    plain: tuple[str, ...]
    letters: tuple[str, ...]
    """Single letters and flags as they are written: -v and -V are two."""
    asks: frozenset[str] = frozenset()
    turns: Counter[str] = field(default_factory=Counter[str])
    """Negations, tense, permission and obligation."""
    words: tuple[Word, ...] = ()
    names: frozenset[str] = frozenset()
    """Words that must stand in the other question letter by letter."""
    active: bool = False
    """Whether somebody of whom nothing is known does it: "do I keep" and "is kept" may be one."""

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.words]


@lru_cache(4_096)
def read(question: str) -> Reading:
    """Read a question; of one that is not English only the words themselves."""
    said = plainly(question)
    tokens = _TOKEN.findall(said)
    plain = tuple(one.casefold() for one in tokens)
    letters = tuple(one for one in tokens if _is_letter(one))
    language = language_of(said)
    if language not in ENGLISH:
        return Reading(language, plain, letters)
    words = _TOKEN.findall(reworded(question))
    return Reading(
        language,
        plain,
        letters,
        asks=_asks(words),
        turns=_turns(words),
        words=tuple(_telling(words)),
        names=frozenset(_names(said, tokens)),
        active=bool(SUBJECT.intersection(words)) and "by" not in words,
    )


def _is_letter(token: str) -> bool:
    return (
        len(token.strip("-")) == 1
        and token.strip("-").isalpha()
        and token.lower() not in {"a", "i"}
    )


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(words, [*words, ""][1:], strict=True)


def _asks(words: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for place, (word, following) in enumerate(_pairs(words)):
        if word == "how":
            found.add(f"how {following}" if following in HOW else "how")
        elif word in ASKING:
            # "Who pays" and "who do I pay" ask for the two ends of one deed.
            ends = " ".join(words[place + 1 : place + 3])
            other_end = re.match(
                r"(?:do|does|did|must|should|may|can|will|would) (?:i|we|you|one)\b", ends
            )
            found.add(f"{'what' if word == 'which' else word}{' to' if other_end else ''}")
    if not found and words and words[0] in OPENING:
        found.add("yes or no")
    return frozenset(found)


def _turns(words: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        found.update(
            kind for known, kind in KINDS if word in known and kind not in EASY.get(before, ())
        )
    # "What is it" and "what does it do": a "do" that helps no other verb is one itself.
    found["do"] = sum(
        word in DO and following in PLACES.keys() | _BEHIND_DO for word, following in _pairs(words)
    )
    # Whether "who approved" is past shows in the verb alone.
    if not OPENING.intersection(words) and "to" not in words:
        found["past"] += any(word.endswith("ed") for word in words)
    return +found


_BEHIND_DO: Final = frozenset(
    {"", "with", "after", "before", "if", "when", "during", "by", "without", "?", "while"}
)


def _telling(words: Sequence[str]) -> list[Word]:
    """Keep what tells something, with "size of a file" as "file size"."""
    found: list[Word] = []
    heads: list[int] = []
    before, behind_be = "", False
    for place, word in enumerate(words):
        if word in PLACES:
            if word == "of" and found and not before and found[-1].said not in HOLDERS:
                heads.append(len(found) - 1)
            before = PLACES[word]
            continue
        behind_be = behind_be or word in BE | PAST
        asked = bool(place) and words[place - 1] == "how" and word in HOW
        if asked or word in TURNING or word in IDLE:
            continue
        told = to_do(word) if place and words[place - 1] == "to" else word
        found.append(Word(key_of(told), word, before, behind_be))
        before = ""
    for head in reversed(heads):
        found = _with_head_behind(found, head)
    return found


def _with_head_behind(words: list[Word], head: int) -> list[Word]:
    """Put "size" behind "file upload" where it stood before "of a file upload"."""
    tail = end = head + 1
    if tail >= len(words):
        return words
    end += 1
    while (
        end < len(words) and not words[end].before and words[end].behind_be == words[tail].behind_be
    ):
        end += 1
    moved = words[head]
    inner = [replace(words[tail], before=moved.before), *words[tail + 1 : end]]
    return [*words[:head], *inner, replace(moved, before=""), *words[end:]]


def _names(said: str, tokens: Sequence[str]) -> Iterator[str]:
    """Find what is quoted, spelled like a name, or no plain word; small words only where they are one."""
    for found in _QUOTED.finditer(said):
        yield from (one.casefold() for one in _TOKEN.findall(found[1] or found[2]))
    shouted = said.upper() == said
    for place, token in enumerate(tokens):
        capital = token[0].isupper() and place > 0
        inner = token[1:] != token[1:].lower()
        if _ODD.search(token) or ((capital or inner) and not shouted):
            yield token.casefold()


def is_small(name: str) -> bool:
    """Whether it is a name only by the way that it is written: IT, WHO, May."""
    return name in SMALL and name != "i"
