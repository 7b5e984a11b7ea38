"""What is left out of a PDF's pages, and above all what is not."""

from collections.abc import Sequence

import pytest

from dagster_kb.readers.pdf_lines import Line
from dagster_kb.readers.pdf_page_numbers import is_bare, page_numbers
from dagster_kb.readers.reading import ReadDocument, read_document
from tests.doubles.drawn_pdf import DrawnLine, DrawnPage, drawn, plain


def read(pages: Sequence[DrawnPage]) -> ReadDocument:
    return read_document("a.pdf", drawn(pages), count_tokens=lambda words: len(words.split()))


def texts(pages: Sequence[DrawnPage]) -> list[tuple[int | None, str]]:
    return [(one.page, one.text) for one in read(pages).chunks]


def test_a_fact_on_each_page_stays():
    facts = [f"Fact {one}: the valve of line {one} opens at {one * 7} bar." for one in range(1, 7)]
    found = read([plain(one) for one in facts])
    assert [(one.page, one.text) for one in found.chunks] == list(enumerate(facts, 1))
    assert found.notes == ()


def test_lines_that_differ_by_a_number_stay():
    pages = [(f"Invoice of customer {name}", "They were paid.", f"Total due: {total} EUR")
             for name, total in (("Alpha", 100), ("Beta", 250), ("Gamma", 900))]  # fmt: skip
    assert texts([plain(*one) for one in pages]) == [
        (number, " ".join(one)) for number, one in enumerate(pages, 1)
    ]


def test_a_sentence_that_ends_every_page_in_its_usual_place_stays():
    pages = [
        plain(f"The limit of grade {one} is {one}00.", "It holds for all.") for one in range(5)
    ]
    assert all("It holds for all." in words for _, words in texts(pages))


def test_numbered_headings_stay():
    pages = [DrawnPage([DrawnLine(f"Chapter {one}", 20, gap=2), DrawnLine(f"It speaks of item {one}, and of how it is kept in order by its owner.")], top=790)
             for one in range(1, 6)]  # fmt: skip
    found = read(pages)
    assert [one.heading_path for one in found.chunks] == [
        (f"Chapter {one}",) for one in range(1, 6)
    ]


def test_a_page_is_never_emptied():
    pages = [DrawnPage([], header="ACME handbook", footer=str(one)) for one in range(1, 6)]
    found = read(pages)
    assert len(found.chunks) == 5
    assert found.notes == ()


@pytest.mark.parametrize("footer", ["Page {n} of 6", "{n}", "- {n} -", "Seite {n}", "ACME | {n}",
    "{n}/6", "Confidential · Page {n}"])  # fmt: skip
def test_page_numbers_are_left_out_of_long_and_short_pages(footer: str):
    pages = [DrawnPage([DrawnLine(f"Page facts {one}-{row} of this file.") for row in range(one)],
                       header="ACME handbook 2023", footer=footer.format(n=one))
             for one in range(1, 7)]  # fmt: skip
    found = read(pages)
    assert [one.page for one in found.chunks] == list(range(1, 7))
    assert not any("ACME" in one.text or "Page 3" in one.text for one in found.chunks)
    assert found.chunks[-1].text.endswith("Page facts 6-5 of this file.")
    (note,) = found.notes
    assert note.startswith("left out as running titles and page numbers: ")
    assert "“ACME handbook 2023” (6 pages)" in note


def test_numbers_that_do_not_rise_with_the_page_stay():
    pages = [DrawnPage([DrawnLine(f"Reading {one} of the meter.")], footer=f"Level | {one * 17 % 7}")
             for one in range(1, 7)]  # fmt: skip
    assert all("Level" in words for _, words in texts(pages))


def test_years_are_no_page_numbers():
    pages = [DrawnPage([DrawnLine(str(year), gap=4), DrawnLine(f"In it {year * 3} were sold.")], top=790)
             for year in range(2019, 2024)]  # fmt: skip
    assert [words.split()[0] for _, words in texts(pages)] == [
        str(year) for year in range(2019, 2024)
    ]


def test_front_pages_and_a_new_count_are_page_numbers_too():
    numbers = [1, 2, 3, 1, 2, 3, 4]
    pages = [DrawnPage([DrawnLine(f"Words of page {at}.")], footer=str(one))
             for at, one in enumerate(numbers)]  # fmt: skip
    assert texts(pages) == [(at + 1, f"Words of page {at}.") for at in range(7)]


@pytest.mark.parametrize(("apart", "stay"), [(3.0, 0), (1.4, 6)])
def test_a_page_number_close_to_the_body_is_told_by_those_of_other_pages(apart: float, stay: int):
    pages = [
        DrawnPage([*(DrawnLine(f"The hall {one} has {row} doors.") for row in range(3)),
                   DrawnLine("It is closed.", gap=1.4 if one == 3 else apart), DrawnLine(str(one))])
        for one in range(1, 7)
    ]  # fmt: skip
    said = [words for _, words in texts(pages)]
    assert sum(not one.endswith("closed.") for one in said) == stay


@pytest.mark.parametrize(("cells", "said"), [
    (["3"], [("#", 3)]), (["Page 3 of 9"], [("page # of 9", 3)]), (["- 3 -"], [("\t#\t", 3)]),
    (["Handbook", "3"], [("handbook\t#", 3)]), (["Handbook | 2023 | 3"], [("handbook\t2023\t#", 3)]),
    (["Handbook page 3"], [("handbook page #", 3)]), (["Chapter 3"], []), (["3 valves"], []),
    (["2023"], []), (["1234567"], []), (["Total: 3 EUR"], []), (["2023-01-03"], [])])  # fmt: skip
def test_a_page_number_stands_apart_from_words(cells: list[str], said: list[tuple[str, int]]):
    assert list(page_numbers(Line(tuple(cells), 0, 0, 10, bold=False))) == said


def test_a_bare_number_has_no_other_words():
    assert is_bare("page # of 9")
    assert is_bare("\t#\t")
    assert not is_bare("handbook\t#")
