"""Codes of things: who asks about K-5082 is not answered by what is said of K-5778."""

import re
from collections.abc import Mapping, Set
from typing import Final

# Letters and then a number, in one word: K-5082, CVE-2024-1234, p95, Q3, v2.1.
_CODE: Final = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z]{1,12})[-_/.]?(\d+(?:[-_.]\d+)*[A-Za-z]?)(?![A-Za-z0-9])"
)
_BETWEEN: Final = re.compile(r"[-_.]")

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
