"""Pages of a PDF that are pictures, with a program's stamp on them or without."""

from pathlib import Path

import pytest

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument
from tests.doubles.drawn_pdf import DrawnLine, DrawnPage, drawn, plain

RULES = ReadingRules(200)
WHOLE = (0, 0, 595, 842)
STAMP = "Scanned with CamScanner"
TSV = """level page_num block_num par_num line_num word_num left top width height conf text
1 1 0 0 0 0 0 0 100 100 -1
5 1 1 1 1 1 200 300 100 40 95 Seen
5 1 1 1 1 2 320 300 100 40 95 words
""".replace(" ", "\t")


def scan(stamp: str = STAMP) -> DrawnPage:
    return DrawnPage([], footer=stamp, pictures=[WHOLE])


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_a_scan_with_a_stamp_is_refused_as_a_scan(pages: int):
    with pytest.raises(BadDocument, match="a text layer but a stamp: it is a scan") as refusal:
        read_pdf(drawn([scan()] * pages), RULES)
    assert refusal.value.what.startswith(f"none of its {pages} pages")
    assert "PDF_OCR" in refusal.value.cure


def test_scanned_pages_among_others_are_noted_and_their_stamp_is_no_text():
    parsed = read_pdf(drawn([plain("A page of words."), scan(), scan()]), RULES)
    assert parsed.text == "A page of words."
    assert "2 of 3 pages have no text layer and were not read: 2, 3" in parsed.notes[0]


def test_a_scan_in_strips_is_a_scan():
    strips = [(0, 100 * at, 595, 100) for at in range(8)]
    with pytest.raises(BadDocument, match="it is a scan"):
        read_pdf(drawn([DrawnPage([], footer=STAMP, pictures=strips)]), RULES)


def test_words_over_a_picture_are_kept_and_the_page_is_noted():
    cover = DrawnPage([DrawnLine("Annual report", 28)], top=500, pictures=[WHOLE])
    parsed = read_pdf(drawn([cover, plain("A page of words.")]), RULES)
    assert parsed.text == "# Annual report\n\nA page of words."
    assert "1 of 2 pages have no text layer" in parsed.notes[0]


def test_a_title_page_with_a_logo_is_no_scan():
    title = DrawnPage([DrawnLine("Handbook of pumps", 24)], footer="ACME", pictures=[(200, 300, 200, 200)])  # fmt: skip
    parsed = read_pdf(drawn([title]), RULES)
    assert "Handbook of pumps" in parsed.text
    assert parsed.notes == ()


def test_much_text_over_a_picture_is_text():
    page = DrawnPage([DrawnLine(f"Sentence {at} of the text layer.") for at in range(20)], pictures=[WHOLE])  # fmt: skip
    parsed = read_pdf(drawn([page]), RULES)
    assert "Sentence 19" in parsed.text
    assert parsed.notes == ()


def test_a_stamped_page_is_read_by_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "said.tsv").write_text(TSV)
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ncat {tmp_path / 'said.tsv'}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    parsed = read_pdf(drawn([scan(), plain("A page of words.")]), ReadingRules(200, pdf_ocr="eng"))
    assert parsed.text == "Seen words\n\nA page of words."
    assert parsed.notes == ()
