"""Columns of prose on a PDF page: an empty gutter with running words at both sides of it.

Where their baselines lie does not matter. What stands over the gutter, as a title does, parts bands.
A table has gutters too: its cells are numbers, or too short, or no sentence runs on in them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Final

from dagster_kb.readers.pdf_segments import Row, Segment, letters, rows_of

_FEWEST_LINES: Final = 4
_LETTERS: Final = 12
_RUN_ON: Final = 0.25
_FILLED: Final = 0.75
_FILLED_SHARE: Final = 0.4
# Lines so long need not run on: each may be a sentence.
_LONG_LINES: Final = 8
_LONG: Final = 25
_GUTTERS_TRIED: Final = 12
_OUTDENT: Final = 1.5
# In heights of the letters.
_GUTTER: Final = 0.5
_WIDEST_GUTTER: Final = 6.0
_MOST_SPLITS: Final = 8

_Band = tuple[list[Row], float | None]
"""Rows below each other, and where the right one of two columns begins if they have two."""


def in_reading_order(
    segments: Sequence[Segment], splits: int = _MOST_SPLITS
) -> list[list[Segment]]:
    """Return the page's rows, those of columns column by column."""
    rows = rows_of(segments)
    tried = [_bands(rows, edge) for edge in _edges(segments)] if splits else []
    no_bands: list[_Band] = []
    bands = max(tried, key=_rows_in_columns, default=no_bands)
    if not _rows_in_columns(bands):
        return rows
    ordered: list[list[Segment]] = []
    for band, edge in bands:
        here = [one for row in band for one in row]
        for part in (here,) if edge is None else _sides(here, edge):
            ordered += in_reading_order(part, splits - 1)
    return ordered


def _rows_in_columns(bands: Sequence[_Band]) -> int:
    return sum(len(rows) for rows, edge in bands if edge is not None)


def _edges(segments: Sequence[Segment]) -> list[int]:
    """Return where columns may begin: many lines do, but for those that begin leftmost."""
    begin = Counter(round(one.left) for one in segments)
    usual = [at for at, times in begin.most_common(_GUTTERS_TRIED) if times >= _FEWEST_LINES]
    return sorted(usual)[1:] if min(begin, default=0) in usual else sorted(usual)


def _bands(rows: Sequence[Row], edge: float) -> list[_Band]:
    """Part rows into bands, and name the edge with those that have prose at both sides of it."""
    found: list[_Band] = []
    for over, band in groupby(rows, lambda row: any(_is_over(one, edge) for one in row)):
        held = list(band)
        here = [one for row in held for one in row]
        if not over and _has_columns(here, edge):
            found.append((held, edge))
        elif found and found[-1][1] is None:
            found[-1][0].extend(held)
        else:
            found.append((held, None))
    return found


def _is_over(one: Segment, edge: float) -> bool:
    return one.left < edge - _OUTDENT and one.right > edge - _GUTTER * one.height


def _sides(segments: Sequence[Segment], edge: float) -> tuple[list[Segment], list[Segment]]:
    left = [one for one in segments if one.left < edge - _OUTDENT]
    return left, [one for one in segments if one.left >= edge - _OUTDENT]


def _has_columns(segments: Sequence[Segment], edge: float) -> bool:
    left, right = (
        [one for one in side if any(map(str.isalnum, one.text))] for side in _sides(segments, edge)
    )
    if min(len(left), len(right)) < _FEWEST_LINES:
        return False
    gutter = edge - max(one.right for one in left)
    narrow = gutter <= _WIDEST_GUTTER * median(one.height for one in left)
    return all(_is_long(side) or (narrow and _runs_on(side)) for side in (left, right))


def _is_long(side: Sequence[Segment]) -> bool:
    long = sum(letters(one.text) >= _LONG for one in side)
    return long >= _LONG_LINES and long * 2 > len(side)


def _runs_on(side: Sequence[Segment]) -> bool:
    """Tell prose, in one or several columns, from cells of a table."""
    return (
        median(letters(one.text) for one in side) >= _LETTERS
        and sum(one.text[0].islower() for one in side) >= _RUN_ON * len(side)
        and sum(_filled(side)) >= _FILLED_SHARE * len(side)
    )


def _filled(segments: Sequence[Segment]) -> Iterator[bool]:
    """Tell of each segment whether it fills most of its column's width."""
    columns: list[list[Segment]] = []
    end = float("-inf")
    for one in sorted(segments, key=lambda one: one.left):
        if one.left > end:
            columns.append([])
        columns[-1].append(one)
        end = max(end, one.right)
    for column in columns:
        left, right = column[0].left, max(one.right for one in column)
        yield from (one.right >= left + _FILLED * (right - left) for one in column)
