"""What the case of letters says: MW and mW, Visa and visa, -v and -V, IT and it are two each."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from graph.classification.language import SMALL_WORDS

_JOINT: Final = re.compile(r"[/.-]")
_UNIT_LENGTH: Final = 4
_HALVES: Final = frozenset({"am", "pm"})
_SMALL: Final = SMALL_WORDS["en"] | frozenset(
    ["us", "may", "will", "whom", "whose", "march", "august"]
)
"""Words that in capitals are others: no style of writing makes IT out of it."""


@dataclass(frozen=True)
class LetterCase:
    """How the words of a question are written."""

    within: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """How each stands within the sentence, by what it is in small letters."""
    first: str = ""
    """The word whose capital may be the sentence's, in small letters."""
    names: frozenset[str] = frozenset()
    """What has a capital of its own, in small letters."""
    units: frozenset[str] = frozenset()
    letters: tuple[str, ...] = ()
    """Single letters and flags, which mean something else in another case."""
    tells: bool = True
    """False of those who write all in one way: small, capitals, or As A Title."""

    def ways(self, word: str) -> set[frozenset[str]]:
        known = self.within.get(word, frozenset[str]())
        either = {word, word.capitalize()} if word == self.first else set[str]()
        return {known | {one} for one in either} or {known}


def letter_case(tokens: Sequence[str], telling: Container[str]) -> LetterCase:
    """Read it off the words of a question in their order; `telling` are those that count."""
    begins = bool(tokens) and tokens[0][1:] == tokens[0][1:].lower()
    first = tokens[0].casefold() if begins else ""
    within: dict[str, frozenset[str]] = {}
    for one in tokens[1 if begins else 0 :]:
        key = one.casefold()
        if key in telling and key != "i":
            within[key] = within.get(key, frozenset()) | {one}
    tells = _tells(tokens)
    names = {key for key, written in within.items() if tells and written != frozenset({key})}
    letters = sorted(one for place, one in enumerate(tokens) if _is_letter(one, place))
    return LetterCase(
        within, first, frozenset(names), frozenset(_units(tokens)), tuple(letters), tells
    )


def written_alike(first: LetterCase, second: LetterCase) -> bool:
    """Whether no word of the one is another word in the other by its letters alone."""
    if first.letters != second.letters or _two_units(first.units, second.units):
        return False
    there = ({*one.within, one.first} for one in (second, first))
    # Names have one spelling: Earl Grey is not Earl Gray.
    if not all(one.names <= known for one, known in zip((first, second), there, strict=True)):
        return False
    both = first.tells and second.tells
    names = first.names | second.names
    shared = {*first.within, first.first} & {*second.within, second.first}
    return not any(
        first.ways(one).isdisjoint(second.ways(one))
        for one in (shared if both else shared & names & _SMALL)
    )


def _two_units(first: frozenset[str], second: frozenset[str]) -> bool:
    return any(a != b and a.casefold() == b.casefold() for a in first for b in second)


def _units(tokens: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for before, token in zip(["", *tokens], tokens, strict=False):
        # "Mb/s" and "kWh/m" are units of two parts.
        short = all(one.isalpha() and len(one) <= _UNIT_LENGTH for one in _JOINT.split(token))
        counted = short and before[-1:].isdecimal() and token.lower() not in _HALVES
        if counted or (token[0].isdecimal() and token[-1].isalpha()):
            found.add(token)
    return found


def _is_letter(word: str, place: int) -> bool:
    """Whether it stands for itself: "B", "-v"; an "A" that begins nothing, but neither "a" nor "I"."""
    plain = word.strip("-")
    named = word.lower() not in {"a", "i"} or (word == "A" and place > 0)
    return len(plain) == 1 and plain.isalpha() and named


def _tells(tokens: Sequence[str]) -> bool:
    words = [one for one in tokens if one[0].isalpha() and one.lower() != "i"]
    small = all(one == one.lower() for one in words)
    shouted = all(one == one.upper() for one in words)
    titled = len(words) > 2 and all(one[0].isupper() for one in words)
    return not (small or shouted or titled)
