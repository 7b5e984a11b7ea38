"""What a file's name says of it, for formats in which a text seldom says what it is called."""

import re
from pathlib import PurePosixPath
from typing import Final

from dagster_kb.readers.formats import FORMATS, suffix_of

LONGEST: Final = 120
_PARTS: Final = re.compile(r"[\W_]+")
# `annualReport` and `2023Q2` are two words each; `10K` and `v2` are one.
_JOINTS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d{4})(?=[^\W\d])")


def words_of_name(path: str) -> str:
    """Return the words of a file's name where its format leaves titles to it; numbers alone say nothing."""
    known = FORMATS.get(suffix_of(path))
    if known is None or not known.named_by_file:
        return ""
    words = " ".join(_words(PurePosixPath(path).stem))[:LONGEST].strip()
    return words if any(one.isalpha() for one in words) else ""


def new_words_of_name(path: str, title: str) -> str:
    """Return them unless the title says all of them already."""
    words = words_of_name(path)
    said = {one.casefold() for one in _words(title)}
    return "" if {one.casefold() for one in words.split()} <= said else words


def _words(text: str) -> list[str]:
    return [word for part in _PARTS.split(text) for word in _JOINTS.split(part) if word]
