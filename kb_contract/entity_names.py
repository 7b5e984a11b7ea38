"""How names are compared: both sides fold them in the same way."""

import re
from collections.abc import Iterator
from typing import Final

LONGEST_NAME: Final = 8
"""Words of a name, at most."""


def folded(text: str) -> str:
    """Return a name in small letters, with one blank between what is letters or digits."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def possible_names(text: str) -> Iterator[str]:
    """Every run of words of a text that could be a name."""
    words = folded(text).split()
    for start in range(len(words)):
        for end in range(start + 1, min(start + LONGEST_NAME, len(words)) + 1):
            yield " ".join(words[start:end])
