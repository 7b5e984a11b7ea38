"""What lines of reStructuredText are: titles, lists, tables, directives."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import BlockKind
from dagster_kb.readers.parsed_document import one_line

_ADORNMENT: Final = re.compile(r"([!-/:-@[-`{-~])\1*")
_ITEM: Final = re.compile(r"(?:[-*+•‣⁃]|(?:\d+|[A-Za-z]|#|[ivxlcdm]+)[.)]|\([\dA-Za-z#]+\)|\|)\s")  # noqa: RUF001
# An enumerator may begin a title as well, as docutils reads it: `1. Introduction`.
_BULLET: Final = re.compile(r"[-*+•‣⁃|]\s")  # noqa: RUF001
_CODE: Final = re.compile(
    r"\.\. (?:code-block|code|sourcecode|literalinclude|doctest|parsed-literal)::"
)
_TABLE: Final = re.compile(r"\.\. (?:list-table|csv-table|table)::|\+[-=+]+\+$|=+(?: +=+)+$")
_ROLE: Final = re.compile(r":[\w:.+-]+:`(?:~|!)?([^`<]+?)(?:\s*<[^`>]*>)?`")
_TICKS: Final = re.compile(r"``([^`]+)``|`([^`<]+?)(?:\s*<[^`>]*>)?`_{0,2}")
_MARKS: Final = re.compile(r"(?<!\w)(\*\*|\*|\|)(\S(?:.*?\S)?)\1(?!\w)")


@dataclass(frozen=True, slots=True)
class Title:
    """A section's title; two of one style have one level."""

    words: str
    style: str
    after: int
    """The line after it."""


def is_adornment(line: str) -> bool:
    """Tell whether a line is one punctuation mark over and over."""
    return bool(line) and _ADORNMENT.fullmatch(line) is not None


def title_at(lines: Sequence[str], at: int) -> Title | None:
    """Return the title that begins at a line, by the rules of docutils."""
    if at and lines[at - 1] and not is_adornment(lines[at - 1]):
        return None
    line = lines[at]
    if is_adornment(line) and len(line) >= 1 and at + 2 < len(lines):
        words, under = lines[at + 1], lines[at + 2]
        long = _long_enough(line, words.strip())
        if words.strip() and under == line and long and not is_adornment(words):
            return Title(words.strip(), line[0] * 2, at + 3)
    if line.startswith(" ") or at + 1 >= len(lines) or (is_adornment(line) and len(line) > 3):
        return None
    under = lines[at + 1]
    if line and is_adornment(under) and _long_enough(under, line) and not _BULLET.match(line):
        return Title(line, under[0], at + 2)
    return None


def _long_enough(adornment: str, words: str) -> bool:
    """A short line under a title is one too from four marks on; docutils only warns."""
    return len(adornment) >= 4 or len(adornment) >= _columns(words)


def _columns(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in words)


def announces_code(line: str) -> bool:
    """Tell whether what is indented below a line is code: `An example::`."""
    return line.endswith("::") and not line.lstrip().startswith("..")


def kind_of(first: str, above: str) -> BlockKind:
    """Tell what a block is by its first line, and by the last one above."""
    if first.startswith(">>> ") or _CODE.match(first):
        return "code"
    if _TABLE.match(first):
        return "table"
    if _ITEM.match(first):
        return "list"
    if first.startswith(" "):
        return "code" if announces_code(above) else "quote"
    return "prose"


def plain_title(markup: str) -> str:
    """Say a title without its roles, quotes and emphasis."""
    words = _ROLE.sub(r"\1", markup)
    words = _TICKS.sub(lambda found: found[1] or found[2], words)
    return one_line(_MARKS.sub(r"\2", words).replace("\\", ""))
