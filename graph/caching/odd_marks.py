"""What the letters of a question do not say: marks that are no plain punctuation, units, and capitals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
_JOINT: Final = re.compile(r"[/.-]")


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
        # "Mb/s" and "kWh/m" are units of two parts.
        short = all(one.isalpha() and len(one) <= _UNIT_LENGTH for one in _JOINT.split(token))
        counted = short and before[-1:].isdecimal()
        written = short and place > 0 and token != token.lower()
        if counted or written or (token[0].isdecimal() and token[-1].isalpha()):
            found.add(token)
    return frozenset(found)


def spelled_alike(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether no unit of the one is written in other letters in the other."""
    return not any(a != b and a.casefold() == b.casefold() for a in first for b in second)


@dataclass(frozen=True)
class Capitals:
    """Words behind the first by how they begin, of whoever tells the two apart."""

    large: frozenset[str] = frozenset()
    small: frozenset[str] = frozenset()


def capitals(tokens: Sequence[str]) -> Capitals:
    """Read them; who writes everything small, large, or As A Title says nothing by them."""
    behind = [one for one in tokens[1:] if one[0].isalpha()]
    large = [one for one in behind if one[0].isupper() and len(one) > 1]
    small = [one for one in behind if one[0].islower()]
    long = sum(len(one) > _UNIT_LENGTH - 1 for one in small)
    titled = len(large) > 1 and len(large) > long
    if titled or not small or not tokens[0][0].isupper():
        return Capitals()
    folded = (frozenset(one.casefold() for one in some) for some in (large, small))
    return Capitals(*folded)


def capitals_alike(first: Capitals, second: Capitals) -> bool:
    """Whether no name of the one (Visa, Reading) is a plain word in the other."""
    return not (
        first.large & second.small - second.large or second.large & first.small - first.large
    )
