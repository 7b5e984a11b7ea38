"""Whatever a PDF's layout is: each line of its body is served from its page, and what frames it never."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_kb.readers.reading import ReadDocument, read_document
from tests.doubles.drawn_pdf import DrawnLine, DrawnPage, drawn

HEADER = "ACME handbook of pumps"
# What stands on a page once, by the page and the line; some differ by numbers alone.
SENTENCES = (
    "Fact {page}: the valve of line {line} opens at {value} bar.",
    "Station {line} of area {page} has the emergency code {value}.",
    "Total due: {value} EUR",
    "It was inspected by team {line} in week {page}, and passed.",
    "Holiday allowance of grade {page} in year {line}: {value} days",
)
ON_EVERY_PAGE = "Nothing else is to be said of it."
HEADERS = ("", HEADER, HEADER + " | {page}")
FOOTERS = ("", "{page}", "- {page} -", "Page {page} of {pages}", "For members of staff only", "Staff only · Page {page}")  # fmt: skip


@dataclass(frozen=True)
class Layout:
    pages: tuple[tuple[int, ...], ...]
    """For each page, which sentences stand in its lines."""
    header: str
    footer: str
    heading: bool
    closing: bool
    two_columns: bool
    gap: float
    size: float

    def drawn(self) -> list[DrawnPage]:
        return [self._page(number) for number in range(1, len(self.pages) + 1)]

    def _page(self, number: int) -> DrawnPage:
        said = {"page": number, "pages": len(self.pages)}
        lines = [DrawnLine(one, self.size, gap=self.gap) for one in self._sentences(number)]
        heading = [DrawnLine(f"Section {number}", 1.6 * self.size, gap=1.8)] if self.heading else []
        closing = [DrawnLine(ON_EVERY_PAGE, self.size)] if self.closing else []
        half = (len(lines) + 1) // 2 if self.two_columns else len(lines)
        return DrawnPage(
            [*heading, *lines[:half], *closing], lines[half:],
            header=self.header.format(**said), footer=self.footer.format(**said),
        )  # fmt: skip

    def _sentences(self, number: int) -> list[str]:
        return [
            SENTENCES[one].format(page=number, line=line, value=100 * number + 7 * line)
            for line, one in enumerate(self.pages[number - 1])
        ]

    def body(self) -> list[tuple[int, str]]:
        return [(number, line.words) for number, page in enumerate(self.drawn(), 1)
                for line in (*page.body, *page.right)]  # fmt: skip


LINES = st.lists(st.integers(0, len(SENTENCES) - 1), min_size=1, max_size=14).map(tuple)
LAYOUTS = st.builds(
    Layout,
    pages=st.lists(LINES, min_size=1, max_size=7).map(tuple),
    header=st.sampled_from(HEADERS),
    footer=st.sampled_from(FOOTERS),
    heading=st.booleans(),
    closing=st.booleans(),
    two_columns=st.booleans(),
    gap=st.floats(1.2, 2.4),
    size=st.sampled_from([9.0, 10.0, 11.5]),
)

# Where hardly a line stands below another nobody can tell a header from a body: it stays.
LONGER = LAYOUTS.filter(lambda one: len(one.pages) >= 3).map(
    lambda one: replace(one, pages=tuple((*page, 0, 1, 3, 4) for page in one.pages))
)


@given(LAYOUTS)
@settings(deadline=None, max_examples=80)
def test_each_line_of_the_body_is_in_a_chunk_of_its_page(layout: Layout):
    found = read(layout.drawn())
    pages = {number: words_of(found, number) for number in range(1, len(layout.pages) + 1)}
    for number, words in layout.body():
        assert words in pages[number], (number, words)


@given(LONGER)
@settings(deadline=None, max_examples=60)
def test_what_frames_the_body_is_in_no_chunk(layout: Layout):
    found = read(layout.drawn())
    for number in range(1, len(layout.pages) + 1):
        words = words_of(found, number)
        assert HEADER not in words
        assert "taff only" not in words
        assert f"Page {number}" not in words
        assert not words.endswith(f" {number}")


def read(pages: Sequence[DrawnPage]) -> ReadDocument:
    return read_document("a.pdf", drawn(pages), count_tokens=lambda words: len(words.split()))


def words_of(found: ReadDocument, page: int) -> str:
    return " ".join(" ".join(one.text.split()) for one in found.chunks if one.page == page)
