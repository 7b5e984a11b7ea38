"""Cells of a sheet that reach over several rows, which a workbook that is streamed does not tell."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

_RANGE: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^<>]{0,200}?\bref=[\"']"
    rb"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?[A-Z]{1,3}\$?(\d{1,7})[\"']"
)
_PIECE: Final = 1 << 20
_LONGEST: Final = 300
MOST_RANGES: Final = 20_000

Tall = Mapping[int, Mapping[int, int]]
"""Of each row: columns in which a tall cell begins, with its last row."""


def tall_cells(sheet_xml: IO[bytes]) -> Tall:
    """Find them in a sheet's own XML."""
    found: dict[int, dict[int, int]] = {}
    tail, ranges = b"", 0
    while (piece := sheet_xml.read(_PIECE)) and ranges < MOST_RANGES:
        for one in _RANGE.finditer(tail + piece):
            ranges += 1
            column, first, last = _column(one[1]), int(one[2]), int(one[3])
            if last > first:
                found.setdefault(first, {})[column] = last
        tail = (tail + piece)[-_LONGEST:]
    return found


def filled_down(rows: Iterable[Sequence[Any]], tall: Tall) -> Iterator[Sequence[Any]]:
    """Say a tall cell in every row that it reaches over, so that each row is understood alone."""
    held: dict[int, tuple[int, Any]] = {}
    for number, row in enumerate(rows, 1):
        said = list(row)
        held = {column: one for column, one in held.items() if one[0] >= number}
        # A row of nothing stays one.
        for column, (_, value) in held.items() if any(one is not None for one in row) else ():
            said += [None] * (column + 1 - len(said))
            said[column] = value if said[column] is None else said[column]
        for column, last in tall.get(number, {}).items():
            if column < len(row):
                held[column] = (last, row[column])
        yield said


def _column(letters: bytes) -> int:
    """Count from 0: A, B … Z, AA."""
    number = 0
    for one in letters:
        number = number * 26 + one - ord("A") + 1
    return number - 1
