"""Columns are read one after the other, wherever their baselines lie; tables stay tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.utils import simpleSplit

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.drawn_pdf import DrawnColumn, DrawnLine, DrawnPage, drawn

SENTENCE = (
    "The valve of unit {number} is opened to {value} bar when the crew of the hall has signed."
)
EDGE, PAGE = 40, 595


@dataclass(frozen=True)
class Newsletter:
    sentences: int
    lower: tuple[float, ...]
    """How much lower each column begins than the first line of the page."""
    gutter: float
    size: float
    title: bool
    heading: bool

    def words(self) -> str:
        said = range(self.sentences)
        return " ".join(SENTENCE.format(number=100 + one, value=7 * one + 3) for one in said)

    def drawn(self) -> bytes:
        number = len(self.lower)
        width = (PAGE - 2 * EDGE - self.gutter * (number - 1)) / number
        lines = simpleSplit(self.words(), "Helvetica", self.size, width)
        each = -(-len(lines) // number)
        parts = [lines[at : at + each] for at in range(0, len(lines), each)]
        columns = [
            DrawnColumn(EDGE + at * (width + self.gutter), self._column(part), 40 + lower)
            for at, (part, lower) in enumerate(zip(parts, self.lower, strict=True))
        ]
        title = [DrawnLine("What the crews of all the halls in the plant do each week", 16)]
        return drawn([DrawnPage(title if self.title else (), columns=columns)])

    def _column(self, lines: Sequence[str]) -> list[DrawnLine]:
        heading = [DrawnLine("What comes", 1.3 * self.size, bold=True, gap=1.7)]
        return [
            *(heading if self.heading else []),
            *(DrawnLine(one, self.size, gap=1.2) for one in lines),
        ]


NEWSLETTERS = st.builds(
    Newsletter,
    sentences=st.integers(16, 40),
    lower=st.lists(st.floats(0, 13), min_size=1, max_size=3).map(tuple),
    gutter=st.floats(18, 40),
    size=st.sampled_from([8.0, 9.0, 10.0]),
    title=st.booleans(),
    heading=st.booleans(),
)


@given(NEWSLETTERS)
@settings(deadline=None, max_examples=80)
def test_no_column_is_read_across(page: Newsletter):
    text = text_of(page.drawn()).replace("## What comes ", "").replace("# What comes ", "")
    assert page.words() in text


def test_a_page_of_few_lines_has_columns_too():
    left = ("the left column begins with", "a line that is as wide as", "the others, and goes on to", "its end.")  # fmt: skip
    right = ("the right column is drawn", "a little lower, but what it", "says is held together all", "the same.")  # fmt: skip
    columns = [
        DrawnColumn(at, [DrawnLine(one) for one in lines], lower)
        for at, lines, lower in ((60, left, 0), (210, right, 6))
    ]
    text = text_of(drawn([DrawnPage((), columns=columns)]))
    assert text == " ".join((*left, *right))


def test_wide_cells_of_a_table_stay_in_their_rows():
    names = [f"pump of the hall {one}" for one in "abcdefghijkl"]
    duties = [f"cools the line {2 * one} at night" for one in range(12)]
    columns = [
        DrawnColumn(at, [DrawnLine(one) for one in lines])
        for at, lines in ((60, names), (260, duties))
    ]
    text = text_of(drawn([DrawnPage((), columns=columns)]))
    assert f"{names[3]} | {duties[3]} {names[4]} |" in text


def text_of(data: bytes) -> str:
    return " ".join(read_pdf(data, ReadingRules(200)).text.split())
