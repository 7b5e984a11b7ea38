"""From the characters of a PDF page to lines of cells, by where they stand on it."""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from dagster_kb.readers.extracted_text import clean
from kb_contract.errors import BadDocument

MOST_CHARACTERS: Final = 200_000
# In heights of the letters: what parts two words, and what parts two cells of a row.
_WORD_GAP: Final = 0.18
_CELL_GAP: Final = 1.0
_SAME_LINE: Final = 0.4
_BOLD: Final = 600
_BOLD_NAMES: Final = (b"bold", b"black", b"heavy")
# Signs that stand in cells of their own belong to the number beside them.
_BEFORE_NUMBERS: Final = frozenset({"$", "€", "£", "¥", "(", "$(", "US$"})
_CURRENCIES: Final = "$€£¥"
_AFTER_NUMBERS: Final = frozenset({")", "%", ")%", "%)"})
_COLUMN_WORDS: Final = 25
_COLUMN_ROWS: Final = 8
_LETTERS_LOOKED_AT: Final = 200


Box = tuple[float, float, float, float]
"""Left, right, bottom, top."""


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


def lines_of(page: Any) -> list[Line]:
    """Return a page's lines from top to bottom; those of columns column by column."""
    return in_lines(list(_segments(page)))


def in_lines(segments: Sequence[Segment]) -> list[Line]:
    """Group segments that stand beside each other."""
    rows = _rows(sorted(segments, key=lambda one: (-one.middle, one.left)))
    if _has_columns(rows):
        # As the page was written, which is how columns are read.
        rows = _rows(segments)
    return [_line(row) for row in rows]


def _segments(page: Any) -> Iterator[Segment]:
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    text_page = page.get_textpage()
    try:
        handle, number = text_page.raw, text_page.count_chars()
        if number > MOST_CHARACTERS:
            raise BadDocument(
                f"a page of {number:,} characters, more than {MOST_CHARACTERS:,}",
                cure="split the page, or give its text as CSV or TXT",
            )
        box = pdfium.FS_RECTF()
        place = ctypes.byref(box)
        run = _Run()
        turned = _quarters(pdfium, handle, number)
        for index in range(number):
            code = cast("int", pdfium.FPDFText_GetUnicode(handle, index))
            if code <= 32 or code == 0xA0:
                run.blank()
                continue
            pdfium.FPDFText_GetLooseCharBox(handle, index, place)
            character = _character(code)
            upright = _upright((box.left, box.right, box.bottom, box.top), turned)
            if not run.takes(character, upright):
                yield from run.ended()
                run = _Run(lambda at: _is_bold(pdfium, handle, at))
            run.add(character, upright, index)
        yield from run.ended()
    finally:
        text_page.close()


def _quarters(pdfium: Any, handle: Any, number: int) -> int:
    """Tell by how many quarters of a circle most letters are turned, as those of wide tables are."""
    some = range(0, number, max(1, number // _LETTERS_LOOKED_AT))
    angles = Counter(
        round(pdfium.FPDFText_GetCharAngle(handle, at) / (math.pi / 2)) % 4
        for at in some
        if pdfium.FPDFText_GetUnicode(handle, at) > 32
    )
    return max(angles, key=lambda one: angles[one], default=0)


def _upright(box: Box, quarters: int) -> Box:
    """Turn a page until its letters stand; where its corner comes to lie does not matter."""
    left, right, bottom, top = box
    turned = (
        (left, right, bottom, top),
        (-top, -bottom, left, right),
        (-right, -left, -top, -bottom),
        (bottom, top, -right, -left),
    )
    return turned[quarters]


def _is_bold(pdfium: Any, handle: Any, index: int) -> bool:
    """Ask for the font's weight, and for its name where it does not know its weight."""
    if pdfium.FPDFText_GetFontWeight(handle, index) >= _BOLD:
        return True
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(handle, index, name, len(name), ctypes.byref(ctypes.c_int()))
    return any(word in name.value.lower() for word in _BOLD_NAMES)


def _character(code: int) -> str:
    # PDFium's sign for a hyphen at a line's end.
    return "\xad" if code in (0xFFFE, 0x02) else chr(code)


class _Run:
    """Characters that stand one after the other."""

    def __init__(self, is_bold: Callable[[int], bool] = lambda _: False) -> None:
        self._is_bold = is_bold
        self._first = self._last = 0
        self._text: list[str] = []
        self._blank = False
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._end = 0.0

    def blank(self) -> None:
        self._blank = True

    def takes(self, character: str, box: Box) -> bool:
        """Tell whether a character goes on with this run; `$` after a number begins a cell."""
        if not self._text or (self._blank and character in _CURRENCIES and self._ends_a_number()):
            return False
        left, right, bottom, top = box
        height = max(self._box[3] - self._box[2], top - bottom, 1.0)
        apart = abs((bottom + top) / 2 - (self._box[2] + self._box[3]) / 2)
        gap = left - self._end
        return apart < _SAME_LINE * height and -height < gap < _CELL_GAP * height and right > left

    def _ends_a_number(self) -> bool:
        return self._text[-1].isdigit() or self._text[-1] in ")%—–"  # noqa: RUF001

    def add(self, character: str, box: Box, index: int) -> None:
        self._last = index
        if not self._text:
            self._box, self._first = box, index
        else:
            height = self._box[3] - self._box[2]
            closes = character in ")%" and self._text[-1].isdigit()
            if not closes and (self._blank or box[0] - self._end > _WORD_GAP * height):
                self._text.append(" ")
        self._text.append(character)
        self._blank = False
        self._end = box[1]

    def ended(self) -> Iterator[Segment]:
        words = clean("".join(self._text)).strip()
        if words:
            left, _, bottom, top = self._box
            bold = self._is_bold(self._first) and self._is_bold(self._last)
            yield Segment(words, left, self._end, bottom, max(top, bottom + 0.1), bold)


def _rows(segments: Iterable[Segment]) -> list[list[Segment]]:
    rows: list[list[Segment]] = []
    for one in segments:
        if rows and _beside(rows[-1][0], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def _beside(first: Segment, one: Segment) -> bool:
    return abs(first.middle - one.middle) < _SAME_LINE * max(first.height, one.height)


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
            apart = one.left - before.right > _WORD_GAP * before.height
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
    if one.text[0] in _CURRENCIES and before.text[-1] in "0123456789)%—–":  # noqa: RUF001
        return False
    return one.left - before.right < _CELL_GAP * max(before.height, one.height)
