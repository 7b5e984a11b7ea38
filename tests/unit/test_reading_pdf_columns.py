"""Columns are read one after the other, wherever their baselines lie; tables stay tables."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import simpleSplit
from reportlab.platypus import Paragraph, SimpleDocTemplate

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.drawn_pdf import DrawnColumn, DrawnLine, DrawnPage, drawn
from tests.doubles.sample_documents import pdf_document

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


@pytest.mark.parametrize("last", [1, 2, 3])
def test_the_last_column_may_have_a_line_or_two(last: int):
    words = " ".join(SENTENCE.format(number=one, value=one) for one in range(100, 112))
    lines = simpleSplit(words, "Helvetica", 10, 220)[: 12 + last]
    columns = [
        DrawnColumn(at, [DrawnLine(one, 10, gap=1.2) for one in part])
        for at, part in ((60, lines[:12]), (300, lines[12:]))
    ]
    assert text_of(drawn([DrawnPage((), columns=columns)])) == " ".join(lines)


def test_a_cell_beside_the_first_line_of_a_text_stays_beside_it():
    def page(canvas) -> None:
        draw_rows(canvas, [("The crews of all the halls met", "on the third of May")])
        canvas.setFont("Helvetica", 10)
        for at, line in enumerate(
            (
                "and said that each of them",
                "has to look after the pumps",
                "of its hall and of the one",
                "beside it.",
            )
        ):
            canvas.drawString(40, 768 - 12 * at, line)

    assert text_of(pdf_document([page])).startswith(
        "The crews of all the halls met on the third of May"
    )


def test_wide_cells_of_a_table_stay_in_their_rows():
    names = [f"pump of the hall {one}" for one in "abcdefghijkl"]
    duties = [f"cools the line {2 * one} at night" for one in range(12)]
    columns = [
        DrawnColumn(at, [DrawnLine(one) for one in lines])
        for at, lines in ((60, names), (260, duties))
    ]
    text = text_of(drawn([DrawnPage((), columns=columns)]))
    assert f"{names[3]} | {duties[3]} {names[4]} |" in text


FAULTS = [f"The {part} of the unit does not {does} any more" for part, does in (
    ("valve", "open"), ("pump", "start"), ("screen", "light"), ("door", "close"), ("belt", "run"),
    ("lamp", "shine"), ("fan", "turn"), ("heater", "warm"), ("printer", "print"))]  # fmt: skip
REMEDIES = [f"Replace fuse {at} and call the crew of hall {at}" for at, _ in enumerate(FAULTS)]


@pytest.mark.parametrize("change", [str, str.lower, lambda words: f"{words.lower()}."])
def test_a_table_of_sentences_that_was_written_row_by_row_stays_one(change: Callable[[str], str]):
    rows = [(change(one), change(other)) for one, other in zip(FAULTS, REMEDIES, strict=True)]
    text = read_pdf(pdf_document([lambda canvas: draw_rows(canvas, [("Fault", "Remedy"), *rows])]),
                    ReadingRules(200)).text  # fmt: skip
    assert all(" | ".join(row) in text for row in rows)


def test_a_table_whose_cells_are_prose_is_read_cell_by_cell():
    cells = [
        simpleSplit(f"{SENTENCE.format(number=at, value=at)} It is closed by row {at} then.",
                    "Helvetica", 10, 220)
        for at in range(100, 110)
    ]  # fmt: skip
    rows = list(zip(cells[::2], cells[1::2], strict=True))
    text = text_of(pdf_document([lambda canvas: draw_cells(canvas, rows)]))
    assert text == " ".join(line for row in rows for cell in row for line in cell)


def test_columns_that_were_written_line_by_line_are_read_column_by_column():
    words = " ".join(SENTENCE.format(number=one, value=one) for one in range(100, 112))
    lines = simpleSplit(words, "Helvetica", 10, 220)
    half = len(lines) // 2
    rows = list(zip(lines[:half], lines[half : 2 * half], strict=True))
    text = text_of(pdf_document([lambda canvas: draw_rows(canvas, rows)]))
    assert text == " ".join(lines[: 2 * half])


@pytest.mark.parametrize("width", [100, 140, 220])
def test_a_narrow_column_that_is_stretched_to_its_width_is_prose(width: int):
    words = " ".join(SENTENCE.format(number=one, value=one) for one in range(100, 106))
    text = text_of(stretched(words.replace("crew", "<b>crew</b>"), width))
    assert text == words


def stretched(words: str, width: int) -> bytes:
    made = io.BytesIO()
    style = ParagraphStyle("stretched", fontSize=10, leading=12, alignment=TA_JUSTIFY)
    SimpleDocTemplate(made, pagesize=A4, leftMargin=72, rightMargin=A4[0] - 72 - width - 12).build(
        [Paragraph(words, style)]
    )
    return made.getvalue()


def draw_rows(canvas, rows: Sequence[tuple[str, str]]) -> None:
    draw_cells(canvas, [([left], [right]) for left, right in rows])


def draw_cells(canvas, rows: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
    canvas.setFont("Helvetica", 10)
    top = 780.0
    for row in rows:
        for left, cell in zip((40, 290), row, strict=True):
            for at, line in enumerate(cell):
                canvas.drawString(left, top - 12 * at, line)
        top -= 12 * max(map(len, row))


def text_of(data: bytes) -> str:
    return " ".join(read_pdf(data, ReadingRules(200)).text.split())
