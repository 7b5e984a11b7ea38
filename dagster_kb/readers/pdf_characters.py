"""From the characters of a PDF page to lines of cells, by where they stand on it."""

import ctypes
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from dagster_kb.readers.extracted_text import clean
from dagster_kb.readers.pdf_lines import CELL_GAP, CURRENCIES, WORD_GAP, Line, PageLines, in_lines
from dagster_kb.readers.pdf_scripts import adjoins, script_of
from dagster_kb.readers.pdf_segments import SAME_LINE, Segment
from dagster_kb.readers.raised_words import END, on_one_line
from kb_contract.errors import BadDocument

MOST_CHARACTERS: Final = 200_000
# Between words of a line that is stretched to the width of a column, in heights of the letters.
_WIDEST_BLANK: Final = 6.0
_ALIKE: Final = 0.05
_BOLD: Final = 600
_FIXED_PITCH: Final = 1
_FIXED_NAMES: Final = (b"courier", b"mono", b"consolas", b"cmtt")
_BOLD_NAMES: Final = (b"bold", b"black", b"heavy")
# PDFium's signs for a hyphen at a line's end.
_BROKEN_WORD: Final = (0xFFFE, 0x02)
# PDFium makes them up where letters go up or down.
_LINE_ENDS: Final = (0x0D, 0x0A)


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
        turns = _turns(pdfium, handle, number)
        ways = [way for way, _ in Counter(turns).most_common()] or [0]
        lines = [
            _placed(line, (ways[0] - way) % 4)
            for way in ways
            for line in in_lines(list(_segments(pdfium, handle, turns, way)))
        ]
    finally:
        text_page.close()
    left, bottom, right, top = page.get_bbox()
    _, _, lowest, highest = _upright((left, right, bottom, top), ways[0])
    return PageLines(lines, lowest, highest)


def _segments(pdfium: Any, handle: Any, turns: Sequence[int], way: int) -> Iterator[Segment]:
    """Read what is turned one way: what stands beside a picture or a table is often turned."""
    box = pdfium.FS_RECTF()
    place = ctypes.byref(box)
    letters = _Letters(pdfium, handle)
    run = _Run(letters)
    for index, turn in enumerate(turns):
        code = cast("int", pdfium.FPDFText_GetUnicode(handle, index))
        if _is_blank(code):
            run.blank(is_typed=code not in _LINE_ENDS)
            continue
        if turn != way:
            continue
        pdfium.FPDFText_GetLooseCharBox(handle, index, place)
        character = _character(code)
        upright = _upright((box.left, box.right, box.bottom, box.top), way)
        if not run.takes(character, upright, index):
            yield from run.ended()
            run = _Run(letters)
        run.add(character, upright, index)
    yield from run.ended()


def _turns(pdfium: Any, handle: Any, number: int) -> list[int]:
    """Tell by how many quarters of a circle each letter is turned."""
    angles = (cast("float", pdfium.FPDFText_GetCharAngle(handle, at)) for at in range(number))
    return [round(one / (math.pi / 2)) % 4 if one else 0 for one in angles]


def _placed(line: Line, quarters: int) -> Line:
    """Place a line where it begins on the page as most of its letters stand."""
    start = (line.left, line.left, line.bottom, line.top)
    left, _, bottom, _ = _upright(start, quarters)
    return replace(line, left=left, bottom=bottom, top=bottom + line.top - line.bottom)


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


@dataclass(frozen=True)
class _Letters:
    """What a page says of its letters, where it is asked."""

    pdfium: Any
    handle: Any

    def is_bold(self, at: int) -> bool:
        """Ask for the font's weight, and for its name where it does not know its weight."""
        if self.pdfium.FPDFText_GetFontWeight(self.handle, at) >= _BOLD:
            return True
        return any(word in self._font(at)[0] for word in _BOLD_NAMES)

    def has_one_width(self, at: int) -> bool:
        """Tell letters of a listing, by the font's flag or, where it does not set it, its name."""
        name, flags = self._font(at)
        return bool(flags & _FIXED_PITCH) or any(word in name for word in _FIXED_NAMES)

    def are_spaced(self, before: int, at: int) -> bool:
        """Tell letters that the file itself parts by one space, and draws in one go: no cells are."""
        if at - before != len("a "):
            return False
        objects = (self.pdfium.FPDFText_GetTextObject(self.handle, one) for one in (before, at))
        one, other = (ctypes.cast(each, ctypes.c_void_p).value for each in objects)
        return one == other and self.pdfium.FPDFText_IsGenerated(self.handle, before + 1) == 0

    def _font(self, at: int) -> tuple[bytes, int]:
        name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
        self.pdfium.FPDFText_GetFontInfo(self.handle, at, name, len(name), ctypes.byref(flags))
        return name.value.lower(), flags.value


def _character(code: int) -> str:
    return "\xad" if code in _BROKEN_WORD else chr(code)


def _is_blank(code: int) -> bool:
    return code == 0xA0 or (code <= 32 and code not in _BROKEN_WORD)


class _Run:
    """Characters that stand one after the other."""

    def __init__(self, letters: _Letters) -> None:
        self._letters = letters
        self._first = self._last = 0
        self._text: list[str] = []
        self._blank = self._is_typed = False
        self._mark = ""
        self._base = (0.0, 0.0)
        """Feet and heads of the letters that a power stands beside."""
        self._box = (0.0, 0.0, 0.0, 0.0)
        self._heights: Counter[tuple[float, float]] = Counter()
        self._end = 0.0
        self._widest = 0.0
        """Blank that a justified line has between its words."""
        self._gaps: list[float] = []
        """How wide each blank is."""

    def blank(self, *, is_typed: bool) -> None:
        self._blank = True
        self._is_typed = self._is_typed or is_typed

    def takes(self, character: str, box: Box, index: int) -> bool:
        """Tell whether a character goes on with this run; `$` after a number begins a cell."""
        if not self._text or (self._blank and character in CURRENCIES and self._ends_a_number()):
            return False
        left, right, bottom, top = box
        height = max(self._box[3] - self._box[2], top - bottom, 1.0)
        apart = abs((bottom + top) / 2 - (self._box[2] + self._box[3]) / 2)
        gap = left - self._end
        is_beside = apart < SAME_LINE * height or (
            adjoins(gap, height) and script_of(bottom, top, self._base) != ""
        )
        if not is_beside or gap <= -height or right <= left:
            return False
        return gap < CELL_GAP * height or self._is_justified(gap, height, index)

    def _is_justified(self, gap: float, height: float, index: int) -> bool:
        """Tell a wide blank between words from one between cells; all those of a line are alike."""
        if gap < _WIDEST_BLANK * height and self._letters.are_spaced(self._last, index):
            self._widest = max(self._widest, gap)
        return gap < self._widest + _ALIKE * height

    def _ends_a_number(self) -> bool:
        return self._text[-1].isdigit() or self._text[-1] in ")%—–"  # noqa: RUF001

    def add(self, character: str, box: Box, index: int) -> None:
        self._last = index
        mark = script_of(*box[2:], self._base) if self._text else ""
        if not self._text:
            self._box, self._first = box, index
        else:
            self._end_word(character, mark, box[0] - self._end)
        if mark != self._mark:
            self._text.append(mark)
        self._text.append(character)
        self._heights[box[2:]] += character.isalnum()
        self._base = self._base if mark else box[2:]
        self._blank = self._is_typed = False
        self._mark = mark
        self._end = box[1]

    def _end_word(self, character: str, mark: str, gap: float) -> None:
        """Put a blank where one is due, behind a power that ends here."""
        closes = character in ")%" and self._text[-1].isdigit()
        is_blank = self._is_typed if mark != self._mark else self._blank
        if self._mark and mark != self._mark:
            self._text.append(END)
        if not closes and (is_blank or gap > WORD_GAP * (self._box[3] - self._box[2])):
            self._text.append(" ")
            self._gaps.append(gap)

    def ended(self) -> Iterator[Segment]:
        self._text.append(END if self._mark else "")
        words = clean(on_one_line("".join(self._text))).strip()
        if words:
            # A bullet, an initial or a mark of a footnote is of other letters than its line.
            bottom, top = self._heights.most_common(1)[0][0]
            left, right, _, _ = self._box
            bold = self._all(self._letters.is_bold)
            pitch = right - left if self._all(self._letters.has_one_width) else 0.0
            typed = clean(self._typed(pitch)).strip() if pitch > 0 else ""
            yield Segment(
                words, left, self._end, bottom, max(top, bottom + 0.1), bold, pitch, typed
            )

    def _typed(self, pitch: float) -> str:
        gaps = iter(self._gaps)
        return "".join(
            " " * max(1, round(next(gaps) / pitch)) if one == " " else one for one in self._text
        )

    def _all(self, are_so: Callable[[int], bool]) -> bool:
        return are_so(self._first) and are_so(self._last)
