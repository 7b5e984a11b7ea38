"""From the characters of a PDF page to lines of cells, by where they stand on it."""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from dagster_kb.readers.extracted_text import clean
from dagster_kb.readers.pdf_lines import CELL_GAP, CURRENCIES, WORD_GAP, PageLines, in_lines
from dagster_kb.readers.pdf_segments import SAME_LINE, Segment
from kb_contract.errors import BadDocument

MOST_CHARACTERS: Final = 200_000
_BOLD: Final = 600
_BOLD_NAMES: Final = (b"bold", b"black", b"heavy")
_LETTERS_LOOKED_AT: Final = 200


Box = tuple[float, float, float, float]
"""Left, right, bottom, top."""


def lines_of(page: Any) -> PageLines:
    """Return a page's lines from top to bottom; those of columns column by column."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    text_page = page.get_textpage()
    try:
        handle, number = text_page.raw, text_page.count_chars()
        if number > MOST_CHARACTERS:
            raise BadDocument(
                f"a page of {number:,} characters, more than {MOST_CHARACTERS:,}",
                cure="split the page, or give its text as CSV or TXT",
            )
        turned = _quarters(pdfium, handle, number)
        lines = in_lines(list(_segments(pdfium, handle, number, turned)))
    finally:
        text_page.close()
    left, bottom, right, top = page.get_bbox()
    _, _, lowest, highest = _upright((left, right, bottom, top), turned)
    return PageLines(lines, lowest, highest)


def _segments(pdfium: Any, handle: Any, number: int, turned: int) -> Iterator[Segment]:
    box = pdfium.FS_RECTF()
    place = ctypes.byref(box)
    run = _Run()
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
        if not self._text or (self._blank and character in CURRENCIES and self._ends_a_number()):
            return False
        left, right, bottom, top = box
        height = max(self._box[3] - self._box[2], top - bottom, 1.0)
        apart = abs((bottom + top) / 2 - (self._box[2] + self._box[3]) / 2)
        gap = left - self._end
        return apart < SAME_LINE * height and -height < gap < CELL_GAP * height and right > left

    def _ends_a_number(self) -> bool:
        return self._text[-1].isdigit() or self._text[-1] in ")%—–"  # noqa: RUF001

    def add(self, character: str, box: Box, index: int) -> None:
        self._last = index
        if not self._text:
            self._box, self._first = box, index
        else:
            height = self._box[3] - self._box[2]
            closes = character in ")%" and self._text[-1].isdigit()
            if not closes and (self._blank or box[0] - self._end > WORD_GAP * height):
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
