"""What the columns of a reStructuredText table are called, and where its rows begin; they stay as they are."""

import csv
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Final

_DIRECTIVE: Final = re.compile(r"\.\. (?P<kind>list-table|csv-table|table)::")
_OPTION: Final = re.compile(r"\s+:(?P<name>[\w-]+):\s*(?P<value>.*)")
_GRID: Final = re.compile(r"\s*\+(?:-+\+)+")
_GRID_HEAD: Final = re.compile(r"\s*\+(?:=+\+)+")
_SIMPLE: Final = re.compile(r"\s*=+(?: +=+)+")
_ROW: Final = re.compile(r"\s*\* - ?(?P<cell>.*)")
_CELL: Final = re.compile(r"\s*- ?(?P<cell>.*)")
_MOST_LINES: Final = 20
_LONGEST: Final = 2_000


def columns_of(lines: Sequence[str]) -> str:
    """Return the names of a table's columns, parted by bars; nothing where none are told."""
    names = [" ".join(one.split()) for one in _names(lines)]
    return " | ".join(names) if any(names) else ""


def rows_of(lines: Sequence[str]) -> Sequence[int]:
    """Return the lines where rows begin, but for the first: one may take several lines."""
    directive = _DIRECTIVE.match(lines[0])
    if directive and directive["kind"] == "list-table":
        return _items(lines)[1:]
    if directive and directive["kind"] == "csv-table":
        return []
    drawn = _drawn(lines)
    if drawn is None:
        return []
    is_grid = _GRID.fullmatch(lines[drawn])
    return _below_borders(lines) if is_grid else _with_first_cells(lines)


def _items(lines: Sequence[str]) -> Sequence[int]:
    """Find the rows of a list; a list within a cell is deeper."""
    found = [at for at, one in enumerate(lines) if _ROW.match(one)]
    depths = [len(lines[at]) - len(lines[at].lstrip()) for at in found]
    return [at for at, depth in zip(found, depths, strict=True) if depth == depths[0]]


def _below_borders(lines: Sequence[str]) -> Sequence[int]:
    """The border above the first row stays with it, and the last one with the last row."""
    borders = [
        at for at, one in enumerate(lines) if _GRID.fullmatch(one) or _GRID_HEAD.fullmatch(one)
    ]
    return [at + 1 for at in borders[1:-1]]


def _with_first_cells(lines: Sequence[str]) -> Sequence[int]:
    """Of `=== ===`: a line without its first cell goes on with the row above, and dashes part columns."""
    borders = [at for at, one in enumerate(lines) if _SIMPLE.fullmatch(one)]
    left = re.search("=+", lines[borders[0]])
    start, end = left.span() if left else (0, 0)
    last_head = borders[min(1, len(borders) - 2)] if len(borders) > 1 else borders[0]
    rows = [at for at in range(last_head + 1, borders[-1]) if lines[at][start:end].strip("- ")]
    return rows if len(borders) > 2 else rows[1:]


def end_of_simple(lines: Sequence[str], at: int) -> int | None:
    """Return where a table of `=== ===` ends, as docutils finds it: between its rows may be empty lines."""
    if not _SIMPLE.fullmatch(lines[at]):
        return None
    borders = (number for number in range(at + 1, len(lines)) if _SIMPLE.fullmatch(lines[number]))
    for count, border in enumerate(borders, 1):
        if len(lines[border]) != len(lines[at]):
            return None
        if count == 2 or border + 1 == len(lines) or not lines[border + 1]:
            return border + 1
    return None


def _drawn(lines: Sequence[str]) -> int | None:
    return next((at for at, one in enumerate(lines[:_MOST_LINES]) if _is_border(one)), None)


def _names(lines: Sequence[str]) -> Sequence[str]:
    directive = _DIRECTIVE.match(lines[0])
    if directive and directive["kind"] == "list-table":
        return _of_list(lines)
    if directive and directive["kind"] == "csv-table":
        said = _options(lines).get("header", "")[:_LONGEST]
        return next(csv.reader([said], skipinitialspace=True), list[str]())
    drawn = _drawn(lines)
    if drawn is None:
        return []
    return _of_grid(lines[drawn:]) if _GRID.fullmatch(lines[drawn]) else _of_simple(lines[drawn:])


def _is_border(line: str) -> bool:
    return bool(_GRID.fullmatch(line) or _SIMPLE.fullmatch(line))


def _options(lines: Sequence[str]) -> dict[str, str]:
    found = (_OPTION.match(one) for one in lines[1:_MOST_LINES])
    return {one["name"]: one["value"] for one in found if one}


def _of_list(lines: Sequence[str]) -> Sequence[str]:
    if _options(lines).get("header-rows", "0") == "0":
        return []
    first = next((at for at, one in enumerate(lines) if _ROW.match(one)), len(lines))
    cells: list[str] = []
    for line in lines[first:]:
        begins = _ROW.match(line)
        if begins and cells:
            break
        found = begins or _CELL.match(line)
        if found:
            cells.append(found["cell"])
        elif cells:
            cells[-1] += f" {line}"
    return cells


def _of_grid(lines: Sequence[str]) -> Sequence[str]:
    """Of `+---+`, names, `+===+`: where the border has its corners the columns part."""
    head = list(takewhile(lambda one: not _GRID_HEAD.fullmatch(one), lines[1:]))
    if len(head) >= len(lines) - 1 or any(_GRID.fullmatch(one) for one in head):
        return []
    corners = [at for at, one in enumerate(lines[0]) if one == "+"]
    return [" ".join(line[left + 1 : right] for line in head) for left, right in pairwise(corners)]


def _of_simple(lines: Sequence[str]) -> Sequence[str]:
    """Of `=== ===`, names, `=== ===`, rows, `=== ===`: the names stand above the columns."""
    borders = [at for at, one in enumerate(lines) if _SIMPLE.fullmatch(one)]
    if len(borders) < 3:
        return []
    starts = [found.start() for found in re.finditer("=+", lines[0])]
    ends = [*starts[1:], None]
    # A line of dashes below a name says only that it reaches over several columns.
    head = [one for one in lines[1 : borders[1]] if set(one.strip()) - {"-", " "}]
    return [" ".join(line[left:right] for line in head)
            for left, right in zip(starts, ends, strict=True)]  # fmt: skip
