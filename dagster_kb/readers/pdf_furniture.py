"""What repeats at the edges of a PDF's pages and is no text of its own: running titles, page numbers.

Whatever is in doubt is text: a title that stays costs little, a sentence that is lost costs an answer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from dagster_kb.readers.parsed_document import one_line
from dagster_kb.readers.pdf_lines import Line, PageLines
from dagster_kb.readers.pdf_page_numbers import is_bare, page_numbers

# On how many pages equal words, a page's number among words, and a number alone are seen.
_EQUAL: Final = 3
_EQUAL_SHARE: Final = 3
_AMONG_WORDS: Final = 3
_BARE: Final = 2
_OUTERMOST: Final = 3
# The margin as a share of the page's height; the body of a usual page begins behind 10 %.
_MARGIN: Final = 0.09
_SAME_PLACE: Final = 4.0
# The gap to the body, in heights of the line and in gaps between lines of the body.
_APART: Final = 0.8
_MORE_APART: Final = 1.5
_TOLD: Final = 5
_LONGEST_TOLD: Final = 60

Place = tuple[int, int]
"""A page and a line of it, counted from 0."""
Furniture = Sequence[frozenset[int]]
"""For each page, which of its lines are furniture."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A line that may be furniture; where it has the page's number, `words` are what is beside it."""

    place: Place
    words: str
    number: int | None
    away: float
    """From the edge of the page."""

    @property
    def page(self) -> int:
        return self.place[0]


@dataclass(frozen=True)
class _Edge:
    """The upper or the lower edge of all pages; `orders` has each page's lines from it inwards."""

    at_top: bool
    orders: Sequence[Sequence[int]]

    @classmethod
    def of(cls, pages: Sequence[PageLines], *, at_top: bool) -> "_Edge":
        def inwards(page: PageLines) -> list[int]:
            return sorted(
                range(len(page.lines)),
                key=lambda at: -page.lines[at].top if at_top else page.lines[at].bottom,
            )

        return cls(at_top, [inwards(page) for page in pages])

    def away(self, page: PageLines, line: Line) -> float:
        middle = (line.top + line.bottom) / 2
        return page.top - middle if self.at_top else middle - page.bottom

    def repeated(
        self, pages: Sequence[PageLines], is_heading: Callable[[Line], bool]
    ) -> set[Place]:
        """Find what repeats at the edge, wherever the body begins."""
        groups: defaultdict[tuple[str, bool], list[_Mark]] = defaultdict(list)
        for number, page in enumerate(pages):
            for at in self.orders[number][:_OUTERMOST]:
                line = page.lines[at]
                away = self.away(page, line)
                inside = away > _MARGIN * (page.top - page.bottom) or is_heading(line)
                for words, said in _readings(line):
                    if not inside or (said is not None and is_bare(words)):
                        mark = _Mark((number, at), words, said, away)
                        groups[words, said is None].append(mark)
        found = (_equal(marks, len(pages)) if equal else _rising(words, marks)
                 for (words, equal), marks in groups.items())  # fmt: skip
        return {one.place for marks in found for one in marks}

    def blocks(
        self, pages: Sequence[PageLines], repeated: set[Place], usual: float | None
    ) -> list[Sequence[int]]:
        """Return for each page what to leave out at this edge."""
        blocks = [self._block(page, at, repeated, usual) for at, page in enumerate(pages)]
        numbers = [
            [at for at in order[:1] if (number, at) in repeated and _is_number(page.lines[at])]
            for number, (page, order) in enumerate(zip(pages, self.orders, strict=True))
        ]
        apart = sum(bool(one and block) for one, block in zip(numbers, blocks, strict=True))
        # Where most pages have their number apart from the body, on some it comes close to it.
        if apart * 2 > len(pages):
            return [block or number for block, number in zip(blocks, numbers, strict=True)]
        return blocks

    def _block(
        self, page: PageLines, number: int, repeated: set[Place], usual: float | None
    ) -> Sequence[int]:
        """Return the lines that repeat from the edge up to a gap; without a gap there are none."""
        order = self.orders[number]
        size = 0
        while size < min(_OUTERMOST, len(order)) and (number, order[size]) in repeated:
            size += 1
        while 0 < size < len(order):
            outer, inner = page.lines[order[size - 1]], page.lines[order[size]]
            if _gap(outer, inner) >= max(_APART * outer.size, _MORE_APART * (usual or outer.size)):
                break
            size -= 1
        return order[:size]


def furniture_of(pages: Sequence[PageLines], is_heading: Callable[[Line], bool]) -> Furniture:
    """Find every page's furniture; no page is left without any line."""
    edges = [_Edge.of(pages, at_top=True), _Edge.of(pages, at_top=False)]
    repeated = [edge.repeated(pages, is_heading) for edge in edges]
    usual = _usual_gap(pages, edges[0], repeated[0] | repeated[1])
    upper, lower = (
        edge.blocks(pages, places, usual) for edge, places in zip(edges, repeated, strict=True)
    )
    found: list[frozenset[int]] = []
    for page, above, below in zip(pages, upper, lower, strict=True):
        left_out = frozenset([*above, *below])
        found.append(left_out if len(left_out) < len(page.lines) else frozenset())
    return found


def named(pages: Sequence[PageLines], furniture: Furniture) -> str:
    """Say for a person what was left out, and of how many pages."""
    told: defaultdict[str, set[int]] = defaultdict(set)
    for number, (page, left_out) in enumerate(zip(pages, furniture, strict=True)):
        for at in left_out:
            told[_told(page.lines[at])].add(number)
    often = sorted(told.items(), key=lambda one: (-len(one[1]), one[0]))
    more = ", …" if len(often) > _TOLD else ""
    return ", ".join(f"{words} ({len(on):,} pages)" for words, on in often[:_TOLD]) + more


def _readings(line: Line) -> Iterator[tuple[str, int | None]]:
    yield line.text.casefold(), None
    yield from page_numbers(line)


def _equal(marks: Sequence[_Mark], pages: int) -> Sequence[_Mark]:
    together = _in_one_place(marks)
    enough = max(_EQUAL, pages // _EQUAL_SHARE)
    return together if len({one.page for one in together}) >= enough else ()


def _rising(words: str, marks: Sequence[_Mark]) -> Sequence[_Mark]:
    """Return those whose number rises with the page; numbers may begin anew."""
    bare = is_bare(words)
    risen: dict[Place, _Mark] = {}
    for one, other in pairwise(marks if bare else _in_one_place(marks)):
        if one.number is None or other.number is None or one.page == other.page:
            continue
        if other.number - one.number == other.page - one.page:
            risen |= {one.place: one, other.place: other}
    return list(risen.values()) if len(risen) >= (_BARE if bare else _AMONG_WORDS) else ()


def _in_one_place(marks: Sequence[_Mark]) -> Sequence[_Mark]:
    middle = median(one.away for one in marks)
    return [one for one in marks if abs(one.away - middle) <= _SAME_PLACE]


def _usual_gap(pages: Sequence[PageLines], edge: _Edge, repeated: set[Place]) -> float | None:
    """Return the gap between most lines of the body that stand below each other."""
    gaps: list[float] = []
    for number, page in enumerate(pages):
        body = [page.lines[at] for at in edge.orders[number] if (number, at) not in repeated]
        gaps += [gap for one, other in pairwise(body) if (gap := _gap(one, other)) > 0]
    return median(gaps) if gaps else None


def _gap(one: Line, other: Line) -> float:
    return max(one.bottom - other.top, other.bottom - one.top)


def _is_number(line: Line) -> bool:
    return any(is_bare(words) for words, _ in page_numbers(line))


def _told(line: Line) -> str:
    if _is_number(line):
        return "page numbers"
    return f"“{one_line(line.text, _LONGEST_TOLD)}”"
