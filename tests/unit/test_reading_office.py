import io
import zipfile

import pytest

from dagster_kb.readers import office_archive
from dagster_kb.readers.presentation import read_presentation
from dagster_kb.readers.word_document import read_word_document
from dagster_kb.readers.workbook import read_workbook
from kb_contract.errors import BadDocument
from tests.doubles.sample_documents import docx_document, pptx_presentation, xlsx_workbook


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """Replace or add a part of an archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", 8) as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        new.writestr(name, content)
    return made.getvalue()


def test_word_headings_lists_tables():
    parsed = read_word_document(docx_document())
    assert parsed.title == "The gateway's handbook"
    assert [one.kind for one in parsed.blocks] == [
        "heading", "heading", "prose", "list", "heading", "table", "prose"
    ]  # fmt: skip
    assert parsed.blocks[-1].heading_path == ("Tokens", "Limits")


BODY = """<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
<w:p><w:r><w:t>kept</w:t></w:r><w:ins><w:r><w:t> put in</w:t></w:r></w:ins>
<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:tab/><w:t>far</w:t></w:r></w:p>
<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr><w:p><w:r><w:t>tall</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>
<w:tc><w:p><w:r><w:t>y</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"""


def test_a_tall_cell_of_a_workbook_is_said_in_every_row():
    rows = [["Region", "Plan", "Price"], ["North", "basic", 1], [None, "full", 2],
            [None, None, None], ["South", "basic", 3], [None, "full", 4]]  # fmt: skip
    parsed = read_workbook(xlsx_workbook(rows, merged=["A2:A4", "A5:A6", "B1:C1"]))
    assert parsed.text.split("\n")[2:] == [
        "Region: North; Plan: basic; 1",
        "Region: North; Plan: full; 2",
        "Region: South; Plan: basic; 3",
        "Region: South; Plan: full; 4",
    ]


def test_word_names_a_column_below_a_wide_header_and_repeats_a_tall_cell():
    def cell(words: str, how: str = "") -> str:
        return f"<w:tc><w:tcPr>{how}</w:tcPr><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>"

    head = cell("Region") + cell("Price", '<w:gridSpan w:val="2"/>')
    tall = cell("North", '<w:vMerge w:val="restart"/>') + cell("1 " + "x" * 400) + cell("2")
    below = cell("", "<w:vMerge/>") + cell("3 " + "y" * 400) + cell("4")
    table = "".join(f"<w:tr>{one}</w:tr>" for one in (head, tall, below))
    body = BODY[: BODY.index("<w:p>")] + f"<w:tbl>{table}</w:tbl></w:body></w:document>"
    parsed = read_word_document(with_part(docx_document(), "word/document.xml", body.encode()))
    assert parsed.text.split("\n") == [
        f"Region: North; Price: 1 {'x' * 400}; Price: 2",
        f"Region: North; Price: 3 {'y' * 400}; Price: 4",
    ]


def test_word_changes_are_accepted_and_nothing_is_told_twice():
    parsed = read_word_document(with_part(docx_document(), "word/document.xml", BODY.encode()))
    assert parsed.text == (
        "kept put in\tfar\n\nin a control\n\n| wide |  |\n| --- | --- |\n| tall | x |\n| tall | y |"
    )


def test_slides_are_pages():
    parsed = read_presentation(pptx_presentation())
    said = [(one.page, one.kind, parsed.text[one.start : one.end]) for one in parsed.blocks]
    assert said[:3] == [
        (1, "heading", "# Tokens"),
        (1, "list", "- kept for fifteen minutes\n  - then refused"),
        (1, "prose", "Notes: Say why fifteen."),
    ]
    assert {page for page, _, _ in said} == {1, 2}


def test_sheets_are_headings_and_rows_name_their_columns():
    rows = [["Report of May"], ["Name", "Price", "When"], ["a", 1.5, None], ["b", 2.0, True]]
    parsed = read_workbook(xlsx_workbook(rows))
    assert parsed.text == (
        "# Limits\n\nReport of May\n\nName: a; Price: 1.5\nName: b; Price: 2; When: TRUE"
    )
    assert "never shown" not in parsed.text


def test_a_formula_is_never_worked_out():
    assert "1+1" not in read_workbook(xlsx_workbook([["a", "b"], ["x", "=1+1"]])).text


@pytest.mark.parametrize(("read", "data"), [(read_word_document, docx_document()),
    (read_presentation, pptx_presentation()), (read_workbook, xlsx_workbook())])  # fmt: skip
def test_bombs_are_refused_before_they_are_opened(read, data: bytes):
    bomb = with_part(data, "word/media/zeros.bin", b"\0" * 50_000_000)
    with pytest.raises(BadDocument, match=r"zeros.bin grows \d+ times"):
        read(bomb)
    laughs = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    with pytest.raises(BadDocument, match="declares a document type"):
        read(with_part(data, "customXml/item1.xml", laughs))
    with pytest.raises(BadDocument, match="declares a document type"):
        read(with_part(data, "customXml/item1.xml", laughs.decode().encode("utf-16")))
    with pytest.raises(BadDocument, match="damaged or encrypted"):
        read(data[: len(data) // 2])


def test_too_much_in_small_steps_is_refused_too(monkeypatch: pytest.MonkeyPatch):
    for name, limit in [("LARGEST_UNPACKED", 1000), ("LARGEST_XML", 1000), ("MOST_PARTS", 3)]:
        with monkeypatch.context() as patch:
            patch.setattr(office_archive, name, limit)
            with pytest.raises(BadDocument, match="too large to open"):
                read_word_document(docx_document())


def test_a_sheet_with_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dagster_kb.readers.workbook.MOST_CELLS", 5)
    with pytest.raises(BadDocument, match="more than 5 cells"):
        read_workbook(xlsx_workbook())


@pytest.mark.parametrize(("said", "title"), [("Handbook of 2023", "Handbook of 2023"), (None, ""),
    ("Microsoft Word - a.doc", ""), ("(anonymous)", ""), ("Untitled", ""), ("Document1", ""),
    ("PowerPoint-Präsentation", ""), ("CamScanner 01-02-2023", ""), ("unknown", ""), ("scan_0012.tif", ""),
    ("Unknown pumps", "Unknown pumps"), ("Document control", "Document control"),
    ("Anonymous reports", "Anonymous reports"), ("Presentation of results", "Presentation of results"),
    ("report.pdf", ""), ("123-4567", ""), (" A  title ", "A title")])  # fmt: skip
def test_only_a_title_that_a_person_gave_counts(said: str | None, title: str):
    assert office_archive.sane_title(said) == title
