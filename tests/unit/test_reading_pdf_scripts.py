"""Smaller letters above or below a line of a PDF: a power is not read as another number."""

import pytest

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.sample_documents import pdf_document

Piece = tuple[str, float, float]
"""Words, their size, and how high they stand above the line."""

BELOW = "The crew of the night begins the work of the pumps with this."


def said(*pieces: Piece) -> str:
    def page(canvas) -> None:
        written = canvas.beginText(72, 760)
        for words, size, rise in pieces:
            written.setFont("Helvetica", size)
            written.setRise(rise)
            written.textOut(words)
        canvas.drawText(written)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 730, BELOW)

    [first, below] = read_pdf(pdf_document([page]), ReadingRules(200)).text.split("\n\n")
    assert below == BELOW
    return first


@pytest.mark.parametrize(("size", "rise"), [(8, 5), (7, 3.6), (6.5, 3.3), (5.8, 3.5)])
def test_a_power_is_said_with_its_mark(size: float, rise: float):
    assert said(("at most 10", 10, 0), ("6", size, rise), (" bytes of", 10, 0)) == (
        "at most 10^6 bytes of"
    )
    assert said(("it takes 10", 10, 0), ("-12", size, rise), ("s", 10, 0)) == "it takes 10^(-12)s"


@pytest.mark.parametrize(("size", "rise"), [(8, -5), (7, -1.5), (5.8, -2)])
def test_an_index_stays_in_its_line(size: float, rise: float):
    assert said(("water is H", 10, 0), ("2", size, rise), ("O and", 10, 0)) == "water is H2O and"


def test_a_number_in_two_sizes_on_one_line_is_no_power():
    assert said(("costs 10", 10, 0), ("50", 8, 0), (" a day", 10, 0)) == "costs 1050 a day"


def test_ends_of_words_and_marks_of_notes():
    assert said(
        ("the 2", 10, 0), ("nd", 7, 3.6), (" costs 5", 10, 0), ("3", 7, 3.6), (".", 10, 0)
    ) == ("the 2nd costs 5^3.")


def test_a_large_first_letter_has_no_power():
    assert said(("A", 18, 0), ("t first", 10, 4)) == "At first"
