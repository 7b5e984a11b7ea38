"""What the columns of a reStructuredText table are called; the rows themselves stay as they are."""

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


def _names(lines: Sequence[str]) -> Sequence[str]:
    directive = _DIRECTIVE.match(lines[0])
    if directive and directive["kind"] == "list-table":
        return _of_list(lines)
    if directive and directive["kind"] == "csv-table":
        said = _options(lines).get("header", "")[:_LONGEST]
        return next(csv.reader([said], skipinitialspace=True), list[str]())
    drawn = next((at for at, one in enumerate(lines[:_MOST_LINES]) if _is_border(one)), None)
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
