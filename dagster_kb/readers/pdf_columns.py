"""Columns of prose on a PDF page: an empty gutter with running words at both sides of it.

Where their baselines lie does not matter. What stands over the gutter, as a title does, parts bands.
A table has gutters too: its cells are numbers, or too short, or no sentence runs on in them, or they
were written row by row. Segments are held in the order in which the file writes them.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import Final

from dagster_kb.readers.pdf_segments import Row, Segment, beside, letters, rows_of

_FEWEST_LINES: Final = 4
_LETTERS: Final = 12
_RUN_ON: Final = 0.25
_FILLED: Final = 0.75
_FILLED_SHARE: Final = 0.4
# Lines so long need not run on if they share no baselines: each may be a sentence.
_LONG_LINES: Final = 8
_LONG: Final = 25
_GUTTERS_TRIED: Final = 12
_OUTDENT: Final = 1.5
# In heights of the letters.
_GUTTER: Final = 0.5
_WIDEST_GUTTER: Final = 6.0
_MOST_SPLITS: Final = 8
_SENTENCE_END: Final = re.compile(r"[.!?:;。！？](?!\S)")  # noqa: RUF001
# Of a table whose cells have several lines: its fewest rows, and the lines of a cell.
_FEWEST_ROWS: Final = 3
_LINES_OF_CELL: Final = 1.3
# Columns written one after the other: how many of their lines stand between two changes of side.
_LINES_OF_COLUMN: Final = 4

_Band = tuple[list[Row], float | None]
"""Rows below each other, and where the right one of two columns begins if they have two."""


def in_reading_order(
    segments: Sequence[Segment], splits: int = _MOST_SPLITS
) -> list[list[Segment]]:
    """Return the page's rows, those of columns column by column."""
    rows = rows_of(segments)
    written = {one: at for at, one in enumerate(segments)}
    tried = _tried(segments, rows, written) if splits else []
    no_bands: list[_Band] = []
    bands = max(tried, key=_rows_in_columns, default=no_bands)
    if not _rows_in_columns(bands):
        return rows
    ordered: list[list[Segment]] = []
    for band, edge in bands:
        here = _as_written(band, written)
        for part in (here,) if edge is None else _parts(here, edge):
            ordered += in_reading_order(part, splits - 1)
    return ordered


def _tried(
    segments: Sequence[Segment], rows: Sequence[Row], written: Mapping[Segment, int]
) -> list[list[_Band]]:
    usual, rare = _edges(segments)
    return [
        *(_bands(rows, edge, written, _has_columns) for edge in usual),
        *(_bands(rows, edge, written, _has_last_lines) for edge in rare),
    ]


def _as_written(band: Sequence[Row], written: Mapping[Segment, int]) -> list[Segment]:
    return sorted((one for row in band for one in row), key=written.__getitem__)


def _rows_in_columns(bands: Sequence[_Band]) -> int:
    return sum(len(rows) for rows, edge in bands if edge is not None)


def _edges(segments: Sequence[Segment]) -> tuple[list[int], list[int]]:
    """Return where columns may begin: many lines do, but for those that begin leftmost; or a few."""
    begin = Counter(round(one.left) for one in segments)
    usual = [at for at, times in begin.most_common(_GUTTERS_TRIED) if times >= _FEWEST_LINES]
    few = Counter(round(one.left) for one in segments if letters(one.text) >= _LETTERS)
    rare = [at for at in sorted(few, reverse=True)[:_GUTTERS_TRIED] if begin[at] < _FEWEST_LINES]
    return sorted(usual)[min(begin, default=0) in usual :], rare


def _bands(
    rows: Sequence[Row],
    edge: float,
    written: Mapping[Segment, int],
    has_columns: Callable[[Sequence[Segment], float], bool],
) -> list[_Band]:
    """Part rows into bands, and name the edge with those that have prose at both sides of it."""
    found: list[_Band] = []
    for over, band in groupby(rows, lambda row: any(_is_over(one, edge) for one in row)):
        held = list(band)
        if not over and has_columns(_as_written(held, written), edge):
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


def _parts(segments: Sequence[Segment], edge: float) -> Sequence[list[Segment]]:
    """Return both columns, or the cells of a table whose cells are prose themselves."""
    cells = _runs(segments, edge)
    pairs = [
        (one, other)
        for one, other in pairwise(cells)
        if one[0].left < edge - _OUTDENT and beside(one[0], other[0])
    ]
    lines = sum(len(rows_of(one)) for one in cells)
    if len(pairs) < _FEWEST_ROWS or lines < _LINES_OF_CELL * len(cells):
        return _sides(segments, edge)
    parts: list[list[Segment]] = []
    for cell in cells:
        if parts and len(rows_of([*parts[-1], *cell])) == 1:
            parts[-1] += cell
        else:
            parts.append(cell)
    return parts


def _runs(segments: Sequence[Segment], edge: float) -> list[list[Segment]]:
    """Return what was written before the other side went on."""
    return [list(run) for _, run in groupby(segments, lambda one: one.left < edge - _OUTDENT)]


def _has_columns(segments: Sequence[Segment], edge: float) -> bool:
    words = [one for one in segments if any(map(str.isalnum, one.text))]
    left, right = _sides(words, edge)
    if min(len(left), len(right)) < _FEWEST_LINES:
        return False
    gutter = edge - max(one.right for one in left)
    narrow = gutter <= _WIDEST_GUTTER * median(one.height for one in left)
    in_rows = (
        _share_baselines(left, right)
        and len(_runs(words, edge)) * _LINES_OF_COLUMN > len(words)
        and len(_parts(words, edge)) == len((left, right))
        and not _are_sentences(left, right)
    )
    return not in_rows and all(
        _is_long(side) or (narrow and _runs_on(side)) for side in (left, right)
    )


def _has_last_lines(segments: Sequence[Segment], edge: float) -> bool:
    """Tell the few lines of a text's last column: they stand at its top, and were written last."""
    left, right = _sides(segments, edge)
    return (
        len(left) >= _FEWEST_LINES > len(right) > 0
        and [*left, *right] == [*segments]
        and edge - max(one.right for one in left) <= _WIDEST_GUTTER * left[0].height
        and beside(max(left, key=lambda one: one.middle), max(right, key=lambda one: one.middle))
        and (_is_long(left) or _runs_on(left))
    )


def _share_baselines(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    one, other = len(rows_of(left)), len(rows_of(right))
    shared = one + other - len(rows_of([*left, *right]))
    return shared * 2 > min(one, other)


def _are_sentences(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """Tell sentences that end somewhere and go on below from cells of which each says one thing."""
    return _SENTENCE_END.search(" ".join(one.text for one in (*left, *right))) is not None and all(
        sum(_goes_on(*both) for both in pairwise(side)) >= _RUN_ON * len(side)
        for side in (left, right)
    )


def _goes_on(above: Segment, below: Segment) -> bool:
    return below.text[0].islower() and not _SENTENCE_END.search(above.text[-1])


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
