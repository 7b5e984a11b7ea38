"""Forgives small slips in the words that decide, and leaves every other word alone."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_PLAIN: Final = str.maketrans("’‘‛`´“”„«»–—−ßøłđ", "'''''\"\"\"\"\"---sold")  # noqa: RUF001 - people write these signs

# Too short for a rule to be safe, and too common to leave out.
SLIPS: Final = {
    "hw": "how", "hwo": "how", "wat": "what", "wht": "what", "waht": "what", "whta": "what",
    "wich": "which", "whch": "which", "wch": "which", "whcih": "which", "wihch": "which", "whn": "when", "wen": "when",
    "whre": "where", "wher": "where", "teh": "the", "hte": "the", "adn": "and", "nad": "and",
    "shwo": "show", "lsit": "list", "dose": "dose", "pls": "please", "plz": "please",
    "u": "you", "r": "are", "whats": "what's", "hows": "how's", "whos": "who's",
    "wheres": "where's", "dont": "don't", "doesnt": "doesn't", "cant": "can't", "isnt": "isn't",
}  # fmt: skip

# Words in their own right, one slip from a word that decides.
_REAL: Final = frozenset(
    [
        "analyses",
        "analyst",
        "analysts",
        "archie",
        "attributed",
        "boring",
        "chancel",
        "contract",
        "contracts",
        "contracted",
        "covert",
        "crate",
        "crates",
        "crete",
        "indies",
        "launched",
        "lunch",
        "lunches",
        "ordner",
        "palace",
        "palaces",
        "populace",
        "prince",
        "princes",
        "priorities",
        "priority",
        "replay",
        "replays",
        "restrain",
        "retain",
        "retained",
        "retains",
        "statue",
        "statues",
        "stats",
        "tablet",
        "tablets",
        "tale",
        "tales",
        "tends",
        "transit",
        "transits",
        "translit",
        "withdrew",
        "prices",
        "places",
        "fiends",
        "table",
        "title",
        "titles",
    ]
)


def fold(text: str) -> str:
    """Lower case, plain quotes, no accents; every character keeps its place."""
    return "".join(_fold_one(char) for char in text)


@lru_cache(maxsize=4096)
def _fold_one(char: str) -> str:
    lowered = char.lower()[:1].translate(_PLAIN)
    return unicodedata.normalize("NFKD", lowered)[:1] or lowered


def one_slip_apart(word: str, meant: str) -> bool:
    """One letter missing, too many, wrong or swapped with its neighbour."""
    if abs(len(word) - len(meant)) > 1 or word == meant:
        return False
    start = 0
    while start < min(len(word), len(meant)) and word[start] == meant[start]:
        start += 1
    rest, other = word[start:], meant[start:]
    if len(rest) == len(other):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other or rest == other[1:]


@dataclass(frozen=True)
class Spelling:
    """Knows the words that decide; built once."""

    words: frozenset[str]
    _by_letter: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @staticmethod
    def of(words: Iterable[str]) -> "Spelling":
        """Take words of five letters or more; shorter ones are too near to others."""
        long = frozenset(word for word in words if len(word) >= 5)
        letters: dict[str, list[str]] = {}
        for word in sorted(long):
            letters.setdefault(word[0], []).append(word)
        return Spelling(long, {letter: tuple(group) for letter, group in letters.items()})

    def corrected(self, text: str) -> str:
        """Replace slips in key words; the rest of the text is untouched."""
        return _WORD.sub(lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        plain = fold(word)
        if plain in SLIPS:
            return SLIPS[plain]
        if len(plain) < 5 or plain in self.words or plain in _REAL or word[1:] != word[1:].lower():
            return word
        return next((key for key in self._near(plain) if one_slip_apart(plain, key)), word)

    def _near(self, plain: str) -> Iterable[str]:
        for key in self._by_letter.get(plain[0], ()):
            inflected = plain.startswith(key) or key.startswith(plain)
            wrong_letter = len(plain) == len(key) and sorted(plain) != sorted(key)
            if not inflected and (not wrong_letter or len(key) >= 8):
                yield key
