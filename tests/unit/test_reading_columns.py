"""What the columns of a table are called, where it is cut and where nothing names them."""

import pytest

from dagster_kb.readers.reading import ReadDocument, read_document
from tests.doubles.drawn_pdf import DrawnLine, DrawnPage, drawn
from tests.doubles.sample_documents import pdf_document

ROWS = [(f"pump {at}", f"{at * 7} EUR") for at in range(120)]


def read(name: str, data: bytes, tokens: int = 100) -> ReadDocument:
    return read_document(
        name, data, count_tokens=lambda words: len(words.split()), chunk_tokens=tokens
    )


def contexts(name: str, text: str) -> list[str]:
    found = read(name, text.encode()).chunks
    assert len(found) > 2
    return [one.context for one in found]


def page_of(table: str) -> str:
    return f"<html><body>{table}</body></html>"


def html_table(first: str, rows: list[tuple[str, str]] = ROWS) -> str:
    cells = "".join(f"<tr><td>{one}</td><td>{other}</td></tr>" for one, other in rows)
    return page_of(f"<table>{first}{cells}</table>")


def test_the_first_row_of_a_page_without_names_names_nothing():
    found = read("a.html", html_table("").encode())
    assert {one.context for one in found.chunks} == {""}
    assert found.chunks[0].text.startswith("| pump 0 | 0 EUR |\n| pump 1 | 7 EUR |")


@pytest.mark.parametrize("first", ["<tr><th>Item</th><th>Price</th></tr>",
    "<thead><tr><td>Item</td><td>Price</td></tr></thead>",
    "<tr><td><b>Item</b></td><td><strong>Price</strong></td></tr>"])  # fmt: skip
def test_names_of_a_page_are_said_with_each_row(first: str):
    found = read("a.html", html_table(first).encode())
    assert all(
        line.startswith("Item: pump") and "; Price: " in line
        for one in found.chunks
        for line in one.text.split("\n")
    )


def test_names_of_rows_are_no_names_of_columns():
    rows = "".join(f"<tr><th>Key {at}</th><td>value {at}</td></tr>" for at in range(60))
    found = read("a.html", page_of(f"<table>{rows}</table>").encode())
    assert found.chunks[0].text.startswith("| Key 0 | value 0 |\n| Key 1 | value 1 |")
    assert {one.context for one in found.chunks} == {""}


GRID = "+------+-------+\n| item | price |\n|      | in €  |\n+======+=======+\n" + "".join(
    f"| p{at:03} | {at:5} |\n+------+-------+\n" for at in range(120)
)
SIMPLE = "====  =====\nitem  price\n====  =====\n" + "".join(
    f"p{at:03}  {at}\n" for at in range(200)
)
LIST = ".. list-table:: Prices\n   :header-rows: {header}\n\n   * - item\n     - price\n       in €\n" + "".join(
    f"   * - p{at}\n     - {at}\n" for at in range(120)
)  # fmt: skip
COMMAS = '.. csv-table::\n   :header: "item, big", price\n\n' + "".join(
    f"   p{at}, {at}\n" for at in range(120)
)


@pytest.mark.parametrize(("table", "names"), [(GRID, "item | price in €"),
    (SIMPLE + "====  =====\n", "item | price"), (LIST.format(header=1), "item | price in €"),
    (COMMAS, "item, big | price"), (".. table:: Prices\n\n" + "".join(f"   {one}\n" for one in SIMPLE.splitlines()) + "   ====  =====\n", "item | price")])  # fmt: skip
def test_a_cut_table_of_rest_goes_on_under_its_names(table: str, names: str):
    first, *others = contexts("a.rst", f"Prices\n======\n\n{table}")
    assert first == ""
    assert set(others) == {names}


@pytest.mark.parametrize("table", [GRID.replace("=", "-"), LIST.format(header=0)])
def test_a_table_of_rest_without_names_has_none(table: str):
    assert set(contexts("a.rst", f"Prices\n======\n\n{table}")) == {""}


def test_a_table_of_a_pdf_goes_on_under_its_names_on_the_next_page_too():
    def page(first: int, last: int, *, names: bool):
        def draw(canvas) -> None:
            canvas.setFont("Helvetica", 10)
            rows = [("Model", "Flow rate", "Pressure")] if names else []
            rows += [(f"PX-{at}", f"{at * 3} l/min", f"{at} bar") for at in range(first, last)]
            for number, row in enumerate(rows):
                for column, words in enumerate(row):
                    canvas.drawString(72 + 150 * column, 740 - 14 * number, words)

        return draw

    data = pdf_document([page(1, 40, names=True), page(40, 80, names=False)])
    found = read("a.pdf", data, tokens=60).chunks
    assert [one.page for one in found].count(2) > 1
    assert found[0].text.startswith("Model | Flow rate | Pressure\nPX-1 | 3 l/min | 1 bar")
    assert [one.context for one in found] == [
        "",
        *["Model | Flow rate | Pressure"] * (len(found) - 1),
    ]


def test_a_table_of_a_pdf_without_names_has_none():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for number in range(40):
            for column, words in enumerate((f"PX-{number}", f"{number * 3} l/min", "in stock")):
                canvas.drawString(72 + 150 * column, 740 - 14 * number, words)

    found = read("a.pdf", pdf_document([page]), tokens=60).chunks
    assert {one.context for one in found} == {""}


def test_another_table_on_the_next_page_does_not_go_on():
    def page(rows: list[tuple[str, ...]], words: str):
        def draw(canvas) -> None:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, 770, words)
            for number, row in enumerate(rows):
                for column, said in enumerate(row):
                    canvas.drawString(72 + 150 * column, 700 - 14 * number, said)

        return draw

    named = [("Model", "Pressure"), *((f"PX-{at}", f"{at} bar") for at in range(30))]
    other = [(f"AB-{at}", f"{at} m") for at in range(40)]
    data = pdf_document([page(named, "One list."), page(other, "Another list.")])
    found = read("a.pdf", data, tokens=40).chunks
    assert {one.context for one in found if one.page == 2} == {""}


@pytest.mark.parametrize(("text", "first"), [
    ("alpha,beta\ngamma,delta\nepsilon,zeta\n", "alpha: gamma; beta: delta"),
    ("city 0,10 people\ncity 1,20 people\n", "A: city 0; B: 10 people"),
    ("city 0,a\ncity 1,b\ncity 2,c\ncity 3,d\n", "A: city 0; B: a"),
    # A row or two may have a cell of a name's kind by chance.
    ("model,v1,v2\nK-1,v1,v3\n", "model: K-1; v1: v1; v2: v3"),
    ("2019,2020\n3,4\n", "2019: 3; 2020: 4"),
    ("ID 1,Name\nID 2,foo\n", "ID 1: ID 2; Name: foo"),
    ("Item,Unit 1,Unit 2\npump,Unit 3,Unit 4\n", "Item: pump; Unit 1: Unit 3; Unit 2: Unit 4"),
    ("alpha,alpha\ngamma,delta\n", "A: alpha; B: alpha"),
    ("sep=;\nName;Price\npump;5\n", "Name: pump; Price: 5"),
    ("sep=|\r\nName|Price\r\npump|5;0\r\n", "Name: pump; Price: 5;0")])  # fmt: skip
def test_what_names_the_columns_of_a_csv(text: str, first: str):
    assert read("a.csv", text.encode()).chunks[0].text.split("\n")[0] == first


def test_what_a_tsv_says_of_its_parts_is_heeded():
    assert (
        read("a.tsv", b"\xef\xbb\xbfsep=;\nName;Price\npump;5\n").chunks[0].text
        == "Name: pump; Price: 5"
    )


def test_lines_and_code_of_a_quote_stay():
    quote = "<blockquote><p>She said:</p><pre>a = 1\n  b = 2</pre><ul><li>one</li><li>two</li></ul>so<br>it was</blockquote>after"
    (chunk,) = read("a.html", page_of(quote).encode()).chunks
    assert (
        chunk.text
        == "> She said:\n\n```\na = 1\n  b = 2\n```\n\n- one\n- two\n\n> so\n> it was\n\nafter"
    )


def test_a_page_of_xml_says_its_encoding():
    page = "<?xml version='1.0' encoding='iso-8859-1'?><html><head><title>x</title></head><body><p>café</p></body></html>"
    assert read("a.xhtml", page.encode("latin-1")).chunks[0].text == "café"


def test_a_chunk_keeps_pages_tables_and_code_apart():
    pages = [DrawnPage([DrawnLine(f"Sentence {at} of page {number}.") for at in range(12)]) for number in range(1, 4)]  # fmt: skip
    found = read("a.pdf", drawn(pages), tokens=20)
    assert found.extracted_text is not None
    for one in found.chunks:
        assert one.text == found.extracted_text[one.start : one.end]
        assert all(
            f"page {number}." not in one.text for number in range(1, 4) if number != one.page
        )
    code = "".join(f"line_{at} = {at}\n" for at in range(80))
    page = f"<p>Before.</p><blockquote><pre>{code}</pre></blockquote><p>After.</p>"
    text = "\n".join(one.text for one in read("a.html", page_of(page).encode(), tokens=40).chunks)
    assert text.replace("\n\n", "\n") == f"Before.\n```\n{code}```\nAfter."
