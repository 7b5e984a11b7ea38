"""From segments of a PDF page to its lines of cells, column by column where there are columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from dagster_kb.readers.pdf_columns import in_reading_order
from dagster_kb.readers.pdf_segments import Row, Segment, letters

# In heights of the letters: what parts two words, and what parts two cells of a row.
WORD_GAP: Final = 0.18
CELL_GAP: Final = 1.0
# Signs that stand in cells of their own belong to the number beside them.
_BEFORE_NUMBERS: Final = frozenset({"$", "€", "£", "¥", "(", "$(", "US$"})
CURRENCIES: Final = "$€£¥"
_AFTER_NUMBERS: Final = frozenset({")", "%", ")%", "%)"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; more than one cell where wide gaps part it."""

    cells: tuple[str, ...]
    left: float
    bottom: float
    top: float
    bold: bool
    pitch: float = 0.0
    """Width of each letter where all have one."""
    typed: str = ""
    """The same with every blank between them, where all have one."""

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
    return [_line(row) for row in in_reading_order(segments)]


def _line(row: Row) -> Line:
    cells: list[Segment] = []
    beside = sorted(row, key=lambda one: one.left)
    pitch = min(one.pitch for one in row)
    for one in beside:
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
        bold=all(one.bold for one in row if letters(one.text) or len(row) == 1),
        pitch=pitch,
        typed=_typed(beside, pitch) if pitch else "",
    )


def _typed(beside: Sequence[Segment], pitch: float) -> str:
    """Put each where it stands, counted in letters."""
    said = ""
    for one in beside:
        blanks = round((one.left - beside[0].left) / pitch) - len(said)
        said += " " * max(blanks, 1 if said else 0) + one.typed
    return said


def _is_one_cell(before: Segment, one: Segment) -> bool:
    if before.text in _BEFORE_NUMBERS or one.text in _AFTER_NUMBERS:
        return True
    if one.text[0] in CURRENCIES and before.text[-1] in "0123456789)%—–":  # noqa: RUF001
        return False
    return one.left - before.right < CELL_GAP * max(before.height, one.height)
