"""Mends slips in any common English word: the sentence model cuts what it does not know into pieces."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graph.classification.spelling import SLIPS, fold

_WORD: Final = re.compile(r"(?<![\w.@/-])[^\W\d_]+(?![\w@/]|\.\w)")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_VOWELS: Final = frozenset("aeiouy")
_SHORTEST: Final = 4
_LONGEST: Final = 16
# Words of the sentence model stand in the order of how common they are.
_COMMON: Final = 14_000
_ENDINGS: Final = (
    "s",
    "es",
    "d",
    "ed",
    "r",
    "er",
    "ers",
    "ing",
    "ly",
    "able",
    "al",
    "less",
    "ness",
)
# Common where questions are asked, though no words of the sentence model.
_ALSO_KNOWN: Final = "searchable metadata schema expire rota rename renamed summarise summarize uninstall reschedule rescheduled unsubscribe"
_THEIR_PLACE: Final = 4000
# How much less likely a kind of slip is, beside how common the word is that would be meant.
_EXTRA_LETTER, _OTHER_VOWEL, _OTHER_LETTER, _FIRST_LETTER = 0.3, 0.3, 1.5, 2.0


@dataclass(frozen=True)
class Respelling:
    """Knows the words of the sentence model."""

    places: Mapping[str, int]
    """Every word with its place among all."""

    @staticmethod
    def of(vocabulary: Mapping[str, int]) -> "Respelling":
        """Take whole words; "##ing" is none, and what is shorter than three letters says little."""
        words = {word: at for word, at in vocabulary.items() if word.isalpha() and len(word) > 2}
        return Respelling(dict.fromkeys(_ALSO_KNOWN.split(), _THEIR_PLACE) | words)

    def mended(self, text: str) -> str:
        """Replace words that nobody knows by the common ones next to them; names stay."""
        return _WORD.sub(lambda found: self._word(found.group()), text)

    def _word(self, word: str) -> str:
        plain = fold(word)
        named = word[0] != plain[0]
        if plain in SLIPS and not named:
            return SLIPS[plain]
        if named or not _SHORTEST <= len(plain) <= _LONGEST or self._knows(plain):
            return word
        return _nearest(plain, self) or word

    def _knows(self, plain: str) -> bool:
        stems = (plain.removesuffix(one) for one in _ENDINGS if plain.endswith(one))
        return plain in self.places or any(
            stem in self.places or f"{stem}e" in self.places
            for stem in stems
            if len(stem) >= _SHORTEST
        )

    def __hash__(self) -> int:
        return id(self)


@lru_cache(maxsize=4096)
def _nearest(plain: str, known: Respelling) -> str | None:
    best = min(
        (
            (math.log(known.places[one]) + cost, one)
            for one, cost in _near(plain)
            if one in known.places
        ),
        default=None,
    )
    return None if best is None or known.places[best[1]] > _COMMON else best[1]


def _near(plain: str) -> Iterator[tuple[str, float]]:
    for at in range(len(plain) + 1):
        before, after = plain[:at], plain[at:]
        first = 0.0 if at else _FIRST_LETTER
        yield from ((before + letter + after, first) for letter in _LETTERS)
        if not after:
            continue
        yield before + after[1:], first + _EXTRA_LETTER
        vowel = after[0] in _VOWELS
        for letter in _LETTERS:
            alike = vowel and letter in _VOWELS
            yield before + letter + after[1:], first + (_OTHER_VOWEL if alike else _OTHER_LETTER)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:], first
