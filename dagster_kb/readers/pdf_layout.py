"""From the lines of a PDF's pages to headings, paragraphs, lists and rows of tables."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.parsed_document import one_line
from dagster_kb.readers.pdf_furniture import Furniture, furniture_of, named
from dagster_kb.readers.pdf_hyphens import HYPHEN, BrokenWords
from dagster_kb.readers.pdf_lines import Line, PageLines
from dagster_kb.readers.pdf_listings import end_of_listing, listing
from dagster_kb.readers.pdf_tables import TableColumns

_LARGER: Final = 1.12
_MOST_LEVELS: Final = 4
_LONGEST_HEADING: Final = 160
_LONGEST_BOLD_HEADING: Final = 90
_LONG_LINE: Final = 70
_NEW_PARAGRAPH: Final = 0.7
_NEW_HEADING: Final = 0.28
_BULLET: Final = re.compile(r"[•●▪◦‣⁃·–—*-]|\(?[\dA-Za-z]{1,3}[.)]|\([ivxlcdm]+\)")  # noqa: RUF001
_ROWS_AROUND: Final = 3
_INDENTED: Final = 36


@dataclass(frozen=True)
class PdfLayout:
    """What the sizes and places of all pages together say."""

    pages: Sequence[PageLines]
    heading_sizes: tuple[float, ...]
    bold_headings: bool
    listings: bool
    """Whether letters of one width tell a listing: where most are so, they do not."""
    furniture: Furniture
    broken: BrokenWords

    @classmethod
    def of(cls, pages: Sequence[PageLines]) -> "PdfLayout":
        """Look at all lines once."""
        letters: Counter[float] = Counter()
        long: Counter[float] = Counter()
        bold: Counter[bool] = Counter()
        one_width: Counter[bool] = Counter()
        for line in (line for page in pages for line in page.lines):
            letters[line.size] += len(line.text)
            bold[line.bold] += len(line.text)
            one_width[line.pitch > 0] += len(line.text)
            if len(line.cells) == 1 and len(line.text) >= _LONG_LINE:
                long[line.size] += len(line.text)
        # Tables may outweigh the prose, and are often smaller.
        body = next((size for size, _ in [*long.most_common(1), *letters.most_common(1)]), 1.0)
        larger = {one for one in letters if one >= body * _LARGER}
        sizes = sorted((one for one in larger if long[one] * 2 < letters[one]), reverse=True)
        return cls(
            pages=pages,
            heading_sizes=tuple(sizes),
            bold_headings=bold[True] * 4 < bold[False],
            listings=one_width[True] < one_width[False],
            furniture=furniture_of(pages, lambda line: line.size in sizes),
            broken=BrokenWords.of(line for page in pages for line in page.lines),
        )

    def write(self, into: ExtractedText) -> None:
        """Write every page."""
        writer = _PageWriter(self, into)
        for number, (page, left_out) in enumerate(zip(self.pages, self.furniture, strict=True), 1):
            into.page = number
            writer.write([line for at, line in enumerate(page.lines) if at not in left_out])

    def notes(self) -> list[str]:
        """Say what of the pages is no text of theirs."""
        said = named(self.pages, self.furniture)
        return [f"left out as running titles and page numbers: {said}"] if said else []

    def title(self) -> str:
        """Return the first of the largest headings on the first page that has one."""
        for page in self.pages:
            found = [(level, line.text) for line in page.lines if (level := self.level(line))]
            if found:
                return one_line(min(found, key=lambda one: one[0])[1])
        return ""

    def level(self, line: Line) -> int:
        """Return the level of a heading, or 0: larger than the body, or bold and short; no item is one."""
        words = line.text
        if len(line.cells) > 1 or _is_item(line) or not any(one.isalpha() for one in words):
            return 0
        if line.size in self.heading_sizes and len(words) <= _LONGEST_HEADING:
            return min(self.heading_sizes.index(line.size) + 1, _MOST_LEVELS)
        bold = self.bold_headings and line.bold and len(words) <= _LONGEST_BOLD_HEADING
        ended = words.endswith((".", ",", ";", ":", ")", "-", HYPHEN)) and not words.istitle()
        return min(len(self.heading_sizes), _MOST_LEVELS) + 1 if bold and not ended else 0


class _PageWriter:
    """Writes the lines of one page after the other."""

    def __init__(self, layout: PdfLayout, into: ExtractedText) -> None:
        self._layout = layout
        self._into = into
        self._columns = TableColumns()
        self._begun = False
        self._margin = 0.0
        self._deeper = 0
        """Levels by which all headings are deeper, as they stand below a title in equal letters."""

    def write(self, lines: Sequence[Line]) -> None:
        rows = _rows_of_tables(lines, self._begins_something)
        self._margin = min((one.left for one in lines), default=0.0)
        at = 0
        while at < len(lines):
            if at in rows:
                end = at
                while end in rows:
                    end += 1
                self._write_table([one.cells for one in lines[at:end]], first_on_page=not at)
            elif (end := self._end_of_listing(lines, at, rows)) > at:
                self._into.code(listing(lines[at:end]).replace(HYPHEN, "-"))
            elif level := self._layout.level(lines[at]):
                end = self._end_of_heading(lines, at, level)
                self._into.heading(level + self._deeper, self._joined(lines[at:end]))
                self._deeper |= self._is_title(lines, at, end)
            else:
                end = self._end_of_paragraph(lines, at, rows)
                self._write_paragraph(lines[at:end])
            if at not in rows:
                self._columns.end()
            self._begun = True
            at = end

    def _end_of_listing(self, lines: Sequence[Line], at: int, rows: frozenset[int]) -> int:
        large = lines[at].size in self._layout.heading_sizes
        if not self._layout.listings or not lines[at].pitch or large:
            return at
        before = next((one for one in range(at, len(lines)) if one in rows), len(lines))
        return end_of_listing(lines[:before], at)

    def _is_title(self, lines: Sequence[Line], at: int, end: int) -> bool:
        """Tell one in the middle of the line, above a heading in equal letters at the margin."""
        if self._begun or end == len(lines) or lines[end].size != lines[at].size:
            return False
        at_margin = lines[end].left < self._margin + 1
        return (
            at_margin
            and lines[at].left > self._margin + _INDENTED
            and self._layout.level(lines[end]) > 0
        )

    def _write_table(self, rows: Sequence[Sequence[str]], *, first_on_page: bool) -> None:
        columns, goes_on = self._columns.of(rows, first_on_page=first_on_page)
        words = "\n".join(" | ".join(one) for one in rows).replace(HYPHEN, "-")
        self._into.add("table", words, columns, goes_on=goes_on)

    def _begins_something(self, above: Line, line: Line) -> bool:
        """Tell a heading between two tables from a bold row of one."""
        level = self._layout.level(line)
        return bool(level) and (line.size in self._layout.heading_sizes or _apart(above, line))

    def _end_of_heading(self, lines: Sequence[Line], at: int, level: int) -> int:
        end = at + 1
        middle = self._margin + _INDENTED
        while end < len(lines) and end - at < 3 and self._layout.level(lines[end]) == level:
            above, below = lines[end - 1], lines[end]
            # A title in the middle of the page has its lines further apart.
            centred = above.left > middle and below.left > middle
            least = _NEW_PARAGRAPH if centred else _NEW_HEADING
            if below.size != lines[at].size or _apart(above, below, least):
                break
            end += 1
        return end

    def _end_of_paragraph(self, lines: Sequence[Line], at: int, rows: frozenset[int]) -> int:
        end = at + 1
        while end < len(lines) and end not in rows and not _is_item(lines[end]):
            if self._end_of_listing(lines, end, rows) > end:
                break
            # What goes on in the same letters right below is no heading, however large.
            above, below = lines[end - 1], lines[end]
            if above.bold != below.bold or (_apart(above, below) and not _runs_on(above, below)):
                break
            end += 1
        return end

    def _write_paragraph(self, lines: Sequence[Line]) -> None:
        words = self._joined(lines)
        self._into.add("list" if _is_item(lines[0]) else "prose", words)

    def _joined(self, lines: Sequence[Line]) -> str:
        words = ""
        for line in lines:
            words = self._layout.broken.joined(words, line.text)
        return words.replace(HYPHEN, "-")


def _rows_of_tables(lines: Sequence[Line], begins: Callable[[Line, Line], bool]) -> frozenset[int]:
    """Find rows: two lines with cells near each other, and the labels between them."""
    parted = [at for at, line in enumerate(lines) if len(line.cells) > 1 and not _is_item(line)]
    rows: set[int] = set()
    for first, second in pairwise(parted):
        between = lines[first : second + 1]
        near = second - first <= _ROWS_AROUND and not any(
            _far(one, other) or begins(one, other) for one, other in pairwise(between)
        )
        if near and all(len(one.text) <= _LONGEST_HEADING for one in lines[first + 1 : second]):
            rows.update(range(first, second + 1))
    return frozenset(rows | set(_above_columns(lines, rows)))


def _above_columns(lines: Sequence[Line], rows: set[int]) -> Iterator[int]:
    """Find lines that stand above the columns of a table and not at its left: `Years ended`."""
    for first in sorted(rows):
        above = first - 1
        while above >= 0 and above not in rows and len(lines[above].cells) == 1:
            inside = (
                lines[above].left > min(one.left for one in lines[first : first + 4]) + _INDENTED
            )
            if not inside or _far(lines[above], lines[above + 1]) or above < first - 2:
                break
            yield above
            above -= 1


def _is_item(line: Line) -> bool:
    """A bullet or a number stands in a cell of its own, but makes no table."""
    if len(line.cells) == 2:
        return _BULLET.fullmatch(line.cells[0]) is not None
    return len(line.cells) == 1 and line.text[:1] in "•●▪◦‣⁃"  # noqa: RUF001


def _apart(above: Line, below: Line, least: float = _NEW_PARAGRAPH) -> bool:
    """Tell whether more lies between two lines than between those of one paragraph."""
    return above.bottom - below.top > least * (below.top - below.bottom) or (
        above.size != below.size or below.bottom > above.top
    )


def _runs_on(above: Line, below: Line) -> bool:
    """Tell a sentence that goes on at the head of the next column."""
    return (
        (below.bottom > above.top and above.size == below.size)
        and above.text[-1] not in ".!?:;"
        and below.text[0].islower()
    )


def _far(above: Line, below: Line) -> bool:
    return abs(above.bottom - below.top) > 3 * (below.top - below.bottom)
