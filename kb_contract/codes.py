"""Codes of things: who asks about K-5082 wants what names it, and nothing that is said of K-5778."""

import re
from collections.abc import Mapping, Set
from typing import Final

# Letters and then a number, in one word: K-5082, CVE-2024-1234, p95, Q3, v2.1.
_CODE: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{1,12})[-_/.]?(\d+(?:[-_.]\d+)*[A-Za-z]?)(?![A-Za-z0-9])"
)
_BETWEEN: Final = re.compile(r"[-_.]")
# Numbers of so many digits are seldom put in other words as Q3 and p95 are.
_DIGITS_OF_A_NAME: Final = 3

Number = tuple[str, ...]
"""The parts of a code behind its letters: 2.1 is one of 2."""
Codes = Mapping[str, Set[Number]]
"""By the letters that they begin with: codes that begin alike name things of one kind."""


def codes_in(text: str) -> Codes:
    """Return the codes that a text names, however they are spelt."""
    found: dict[str, set[Number]] = {}
    for letters, number in _CODE.findall(text):
        parts = tuple(_BETWEEN.split(number.casefold()))
        found.setdefault(letters.casefold(), set()).add(parts)
    return found


def code_words(text: str) -> str:
    """Return the codes of a text alone, as they are spelt there."""
    return " ".join(found[0] for found in _CODE.finditer(text))


def share_named(asked: Codes, said: Codes) -> float:
    """Return the share of what is asked about that is named."""
    each = [(kind, one) for kind, numbers in asked.items() for one in numbers]
    named = sum(any(_is_of(one, other) for other in said.get(kind, ())) for kind, one in each)
    return named / len(each) if each else 0.0


def names_none(asked: Codes, text: str) -> bool:
    """Whether a text has none of the long numbers that what is asked about is called by."""
    long = [one for numbers in asked.values() for (one, *_) in numbers
            if sum(map(str.isdigit, one)) >= _DIGITS_OF_A_NAME]  # fmt: skip
    return bool(long) and not any(one in text.casefold() for one in long)


def are_of_others(asked: Codes, said: Codes) -> bool:
    """Whether what is said names things of a kind that was asked about, and none that was meant."""
    return any(
        not any(_is_of(one, other) for one in said[kind] for other in meant)
        for kind, meant in asked.items()
        if kind in said
    )


def _is_of(one: Number, other: Number) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]
