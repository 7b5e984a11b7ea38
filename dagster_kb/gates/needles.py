"""What a text must have in it before a pattern can find anything: a search for plain words is cheap.

A pattern that ignores case also takes a few letters beyond ASCII: the long s, the sign of kelvin,
the i without a dot and the capital one with it. They are folded here as the patterns take them.
"""

from collections.abc import Sequence
from typing import Final

_LIKE_I: Final = str.maketrans({"\u0131": "i", "\u0130": "i"})


def folded(text: str) -> str:
    """Give the text as patterns that ignore case see it."""
    if text.isascii():
        return text.lower()
    return text.translate(_LIKE_I).casefold()


def has_any(folded_text: str, needles: Sequence[str]) -> bool:
    """Whether one of the needles, which are folded, lies in the text."""
    for one in needles:  # noqa: SIM110 - `any` takes twice as long, and each text comes here
        if one in folded_text:
            return True
    return False
