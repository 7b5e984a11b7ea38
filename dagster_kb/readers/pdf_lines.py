"""From segments of a PDF page to its lines of cells, column by column where there are columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

# In heights of the letters: what parts two words, and what parts two cells of a row.
WORD_GAP: Final = 0.18
CELL_GAP: Final = 1.0
SAME_LINE: Final = 0.4
# Signs that stand in cells of their own belong to the number beside them.
_BEFORE_NUMBERS: Final = frozenset({"$", "€", "£", "¥", "(", "$(", "US$"})
CURRENCIES: Final = "$€£¥"
_AFTER_NUMBERS: Final = frozenset({")", "%", ")%", "%)"})
_COLUMN_WORDS: Final = 25
_COLUMN_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """Words in one cell or column of a line."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    bold: bool

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; more than one cell where wide gaps part it."""

    cells: tuple[str, ...]
    left: float
    bottom: float
    top: float
    bold: bool

    @property
    def size(self) -> float:
        """Height of its letters in half points, so that nearly equal ones are equal."""
        return round((self.top - self.bottom) * 2) / 2

    @property
    def text(self) -> str:
        return " ".join(self.cells)


@dataclass(frozen=True, slots=True)
class PageLines:
    """What a page says, from top to bottom, and between which heights the page lies."""

    lines: Sequence[Line]
    bottom: float
    top: float


def in_lines(segments: Sequence[Segment]) -> list[Line]:
    """Group segments that stand beside each other."""
    rows = _rows(sorted(segments, key=lambda one: (-one.middle, one.left)))
    if _has_columns(rows):
        # As the page was written, which is how columns are read.
        rows = _rows(segments)
    return [_line(row) for row in rows]


def _rows(segments: Iterable[Segment]) -> list[list[Segment]]:
    rows: list[list[Segment]] = []
    for one in segments:
        if rows and _beside(rows[-1][0], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def _beside(first: Segment, one: Segment) -> bool:
    return abs(first.middle - one.middle) < SAME_LINE * max(first.height, one.height)


def _has_columns(rows: Sequence[Sequence[Segment]]) -> bool:
    """Tell columns of prose from a table: both sides are long in most rows that have two."""
    parted = [row for row in rows if len(row) > 1]
    long = [row for row in parted
            if sum(1 for one in row if _letters(one.text) >= _COLUMN_WORDS) > 1]  # fmt: skip
    return len(long) >= _COLUMN_ROWS and len(long) * 2 > len(parted)


def _letters(words: str) -> int:
    return sum(1 for one in words if one.isalpha())


def _line(row: Sequence[Segment]) -> Line:
    cells: list[Segment] = []
    for one in sorted(row, key=lambda one: one.left):
        before = cells[-1] if cells else None
        if before and _is_one_cell(before, one):
            apart = one.left - before.right > WORD_GAP * before.height
            blank = " " if apart and one.text not in _AFTER_NUMBERS else ""
            words = f"{before.text}{blank}{one.text}"
            cells[-1] = replace(before, text=words, right=max(before.right, one.right))
        else:
            cells.append(one)
    tallest = max(row, key=lambda one: len(one.text))
    return Line(
        cells=tuple(one.text for one in cells),
        left=cells[0].left,
        bottom=tallest.bottom,
        top=tallest.top,
        bold=all(one.bold for one in row if _letters(one.text) or len(row) == 1),
    )


def _is_one_cell(before: Segment, one: Segment) -> bool:
    if before.text in _BEFORE_NUMBERS or one.text in _AFTER_NUMBERS:
        return True
    if one.text[0] in CURRENCIES and before.text[-1] in "0123456789)%—–":  # noqa: RUF001
        return False
    return one.left - before.right < CELL_GAP * max(before.height, one.height)
