"""What the columns of a PDF's table are called, on the pages too on which it goes on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Final

from dagster_kb.readers.table_rows import is_word, is_year, shape

_ROWS_LOOKED_AT: Final = 30
_LONGEST_NAME: Final = 80
Rows = Sequence[Sequence[str]]


@dataclass
class TableColumns:
    """Goes through a document's blocks in order."""

    _open: tuple[str, int] = field(default=("", 0))
    """Names and number of columns of the table that ended the page before, or the block before."""

    def of(self, rows: Rows, *, first_on_page: bool) -> tuple[str, bool]:
        """Name the columns of the next block, which is a table, and tell whether an earlier one goes on."""
        own, width = _names(rows), _usual_width(rows)
        names, before = self._open
        goes_on = first_on_page and not own and width == before
        self._open = (names if goes_on else own, width)
        return self._open[0], goes_on

    def end(self) -> None:
        """Another block comes next."""
        self._open = ("", 0)


def _names(rows: Rows) -> str:
    """Take the first row of cells for names where it is words, and numbers stand below."""
    first, *below = [*dropwhile(lambda one: len(one) < 2, rows)] or [[]]
    below = [one for one in below if len(one) > 1][:_ROWS_LOOKED_AT]
    numbers = [one for one in below if any(map(_has_digit, one[1:]))]
    if not first or len(below) < 2 or len(numbers) * 2 <= len(below):
        return ""
    shapes = {shape(cell) for one in below for cell in one if _has_digit(cell)}
    told = all(
        is_word(one) and len(one) <= _LONGEST_NAME and (is_year(one) or shape(one) not in shapes)
        for one in first
    )
    return " | ".join(first) if told and len(set(first)) == len(first) else ""


def _has_digit(cell: str) -> bool:
    return any(one.isdigit() for one in cell)


def _usual_width(rows: Rows) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]
