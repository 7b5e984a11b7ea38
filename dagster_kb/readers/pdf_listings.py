"""Listings on a PDF's page: lines in letters of one width stay lines, and are indented as they stand."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from dagster_kb.readers.pdf_lines import Line

_FEWEST_LINES: Final = 2
# In heights of the letters: where a line was left empty, and where another block begins.
_EMPTY_LINE: Final = 0.7
_FAR: Final = 3.0


def end_of_listing(lines: Sequence[Line], at: int) -> int:
    """Return where the listing ends that begins here; where it begins if there is none."""
    end = at
    while (
        end < len(lines) and lines[end].pitch and (end == at or _goes_on(*lines[end - 1 : end + 1]))
    ):
        end += 1
    return end if end - at >= _FEWEST_LINES else at


def listing(lines: Sequence[Line]) -> str:
    """Write it with its indentation and its empty lines."""
    return "\n".join(_indented(lines))


def _indented(lines: Sequence[Line]) -> Iterator[str]:
    edge = min(one.left for one in lines)
    for above, one in pairwise([lines[0], *lines]):
        if above.bottom - one.top > _EMPTY_LINE * one.size:
            yield ""
        yield " " * round((one.left - edge) / one.pitch) + one.typed


def _goes_on(above: Line, below: Line) -> bool:
    return above.size == below.size and -below.size < above.bottom - below.top < _FAR * below.size
