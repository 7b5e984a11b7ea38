"""What stands between the words of a question and is no plain punctuation: `!=`, brackets, arrows, the point of ".5"."""

import re
from collections.abc import Sequence
from typing import Final

_WORD: Final = "w"
_NUMBER: Final = "9"
_ORDINARY: Final = (
    (r"\s+[?.!…]+\s*$", ""),
    # "5!" is not 5, and 5' is not 5".
    (rf"(?<={_WORD})[.,;:!?…]+(?=[\s\"')\]]|$)", ""),
    (rf"(?<={_NUMBER})[.,;:?…]+(?=[\s\"')\]]|$)", ""),
    (rf"[¿¡]+(?=[{_WORD}{_NUMBER}])", ""),
    (rf"[\"'](?=[{_WORD}{_NUMBER}])|(?<={_WORD})[\"']", ""),
)
# "Smith, Jones" are two, and "Smith Jones" is one.
_LISTED: Final = re.compile(r"(?<=\s)[A-Z]\w*,\s+(?=[A-Z])")
_UNIT_LENGTH: Final = 4


def odd_marks(said: str, token: re.Pattern[str]) -> tuple[str, ...]:
    """Return them in order; two questions in which they differ are two."""
    left = token.sub(lambda one: _NUMBER if one[0][-1].isdecimal() else _WORD, said)
    for pattern, instead in _ORDINARY:
        left = re.sub(pattern, instead, left)
    listed = [","] * len(_LISTED.findall(said))
    return (*re.findall(rf"[^\s{_WORD}{_NUMBER}]", left), *listed)


def spelled_units(tokens: Sequence[str]) -> frozenset[str]:
    """Return what means another thing in other letters: MW and mW, Gb and GB, 5k and 5K."""
    found: set[str] = set()
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        short = len(token) <= _UNIT_LENGTH and token.isalpha()
        counted = short and before[-1:].isdecimal()
        written = short and place > 0 and token != token.lower()
        if counted or written or (token[0].isdecimal() and token[-1].isalpha()):
            found.add(token)
    return frozenset(found)


def spelled_alike(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether no unit of the one is written in other letters in the other."""
    return not any(a != b and a.casefold() == b.casefold() for a in first for b in second)
