"""Reads a question as far as two questions are compared by it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from graph.caching.odd_marks import Capitals, capitals, odd_marks, spelled_units
from graph.caching.small_words import (
    ASKING,
    BE,
    DO,
    EASY,
    FUTURE,
    HOLDERS,
    HOW,
    IDLE,
    KINDS,
    MAY,
    MUST,
    NOT,
    OPENING,
    PAST,
    PLACES,
    SHOULD,
    SMALL,
    SUBJECT,
    TURNING,
    WOULD,
)
from graph.caching.word_keys import is_participle, key_of, to_do
from graph.caching.wording import as_written, plainly, reworded
from graph.classification.language import SMALL_WORDS, UNSURE, language_of

# Flags, signed numbers and ".5" keep their mark; "C++", "a.b", "x/y", "co-pilot" and "3:4" are one word each.
_TOKEN: Final = re.compile(
    r"(?<![\w-])-{1,2}\w[\w-]*|(?<![\w.])\.\d+|\w+(?:[._@#/+:&'-]+\w+)*[+#]*|[<>=+*/%$€£°]"
)
_QUOTED: Final = re.compile(r"[\"`]([^\"`]+)[\"`]|(?<!\w)'([^']+)'(?!\w)")
_ODD: Final = re.compile(r"\d|[._@#/+:&]|^-|[+#]$")
ENGLISH: Final = frozenset({"en", UNSURE})
OTHER: Final = "other"
SMALL_ENGLISH: Final = SMALL_WORDS["en"] - {
    "a",
    "i",
    "me",
    "an",
    "on",
    "in",
    "we",
    "is",
    "was",
    "do",
    "and",
}
_UNDERGOES: Final = re.compile(r"\bhow to (?:be|get)\b")
SPEAKER: Final = frozenset({"i", "we", "me", "us", "my", "our", "mine", "ours"})
HEARER: Final = frozenset({"you", "your", "yours"})


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
    marks: tuple[str, ...] = ()
    units: frozenset[str] = frozenset()
    capitals: Capitals = field(default_factory=Capitals)
    asks: frozenset[str] = frozenset()
    turns: Counter[str] = field(default_factory=Counter[str])
    """Negations, tense, permission and obligation."""
    words: tuple[Word, ...] = ()
    names: frozenset[str] = frozenset()
    """Words that must stand in the other question letter by letter."""
    active: bool = False
    """Whether somebody of whom nothing is known does it: "do I keep" and "is kept" may be one."""
    persons: tuple[str, ...] = ()
    """Who speaks and who is spoken to, where both are named."""
    helped: bool = False
    """Whether a "do" asks for what somebody does."""
    subject: bool = False
    """Whether somebody of whom nothing is known is named, or has it done to him: "to be hired"."""

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.words]

    @property
    def suffered(self) -> frozenset[str]:
        """Keys of what is done to something: "is paid", "were kept"."""
        return frozenset(one.key for one in self.words if one.behind_be and is_participle(one.said))


@lru_cache(4_096)
def read(question: str) -> Reading:
    """Read a question; of one that is not English only the words themselves."""
    said = plainly(question)
    tokens = _TOKEN.findall(said)
    letters = tuple(one for place, one in enumerate(tokens) if _is_letter(one, place))
    marks, units = odd_marks(said, _TOKEN), spelled_units(tokens)
    language = language_of(said)
    if language not in ENGLISH or not _is_english(said, tokens):
        return Reading(OTHER, _as_written(question), letters, marks, units)
    asked = reworded(question)
    words = _TOKEN.findall(asked)
    return Reading(
        language,
        tuple(one.casefold() for one in tokens),
        letters,
        marks,
        units,
        capitals(tokens),
        asks=_asks(words),
        turns=_turns(words) + _ones(tokens),
        words=tuple(_telling(words)),
        names=frozenset(_names(said, tokens)),
        active=bool(SUBJECT.intersection(words)) and "by" not in words,
        persons=_persons(words),
        helped=any(a in DO and b in SUBJECT for a, b in _pairs(words)),
        subject=bool(SUBJECT.difference({"to"}).intersection(words) or _UNDERGOES.search(asked)),
    )


def _is_english(said: str, tokens: Sequence[str]) -> bool:
    """Letters of other languages, and none of its small words: its rules know nothing of these words."""
    plain = all(one.isascii() for one in said if one.isalpha())
    return plain or bool(SMALL_ENGLISH.intersection(one.lower() for one in tokens))


def _as_written(question: str) -> tuple[str, ...]:
    """Return the words letter by letter but for the first: "Sie" and "sie", "Maße" and "Masse" are two."""
    tokens = _TOKEN.findall(as_written(question))
    return tuple(one.lower() if place == 0 else one for place, one in enumerate(tokens))


def _persons(words: Sequence[str]) -> tuple[str, ...]:
    said = tuple("you" if one in HEARER else "i" for one in words if one in HEARER | SPEAKER)
    return said if len(set(said)) > 1 else ()


def _is_letter(word: str, place: int) -> bool:
    """Whether it stands for itself: "B", "-v"; an "A" that begins nothing, but neither "a" nor "I"."""
    plain = word.strip("-")
    named = word.lower() not in {"a", "i"} or (word == "A" and place > 0)
    return len(plain) == 1 and plain.isalpha() and named


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
        if word in NOT:  # "ok not to sign" and "not ok to sign"
            found[f"not {_told_behind(words, place)}"] += 1
    # "What is it" and "what does it do": a "do" that helps no other verb is one itself.
    found["do"] = sum(
        word in DO and following in PLACES.keys() | _BEHIND_DO for word, following in _pairs(words)
    )
    # Whether "who approved" is past shows in the verb alone.
    if not OPENING.intersection(words) and "to" not in words:
        found["past"] += any(word.endswith("ed") for word in words)
    return +found


def _told_behind(words: Sequence[str], place: int) -> str:
    said = (one for one in words[place + 1 :] if one not in IDLE | TURNING | BE | PLACES.keys())
    return key_of(next(said, ""))


_BEHIND_DO: Final = frozenset(
    {"", "with", "after", "before", "if", "when", "during", "by", "without", "?", "while"}
)


_BEFORE_SOMEBODY: Final = DO | MAY | MUST | SHOULD | FUTURE | WOULD | {"if", "when", "how"}
"""Behind these, "one" is anybody; elsewhere it is a number."""


def _ones(tokens: Sequence[str]) -> Counter[str]:
    small = [one.lower() for one in tokens]
    return Counter("1" for a, b in _pairs(small) if b == "one" and a not in _BEFORE_SOMEBODY)


def _telling(words: Sequence[str]) -> list[Word]:
    """Keep what tells something, with "size of a file" as "file size"."""
    found: list[Word] = []
    heads: list[int] = []
    before, behind_be = "", False
    for place, word in enumerate(words):
        counted = place + 1 < len(words) and words[place + 1][0].isdecimal()
        if word in PLACES and not (word == "about" and counted):
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
    if before:  # "what is it" and "what is it for"
        found.append(Word(f"behind {before}", before))
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
    return name in SMALL | SMALL_WORDS["en"] | {"us"} and name != "i"
