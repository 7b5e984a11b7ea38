"""Listings keep their lines and their indentation; a document in letters of one width is prose."""

from collections.abc import Sequence

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.sample_documents import pdf_document

PROSE = "The crew of the night begins the work of the pumps with this."
CODE = ["def begin(pumps):", "    for one in pumps:", "        one.begin()", "", "    return True"]


def test_a_listing_keeps_its_lines_and_their_indentation():
    said = blocks(("Helvetica", [PROSE]), ("Courier", CODE), ("Helvetica", [PROSE]))
    assert said == [("prose", PROSE), ("code", "\n".join(["```", *CODE, "```"])), ("prose", PROSE)]


def test_a_listing_keeps_the_blanks_within_its_lines():
    shown = ["NAME      READY   STATUS", "web-1     1/1     Running", "db  = 0   0/1     Pending"]
    assert blocks(("Helvetica", [PROSE]), ("Courier", shown)) == [
        ("prose", PROSE), ("code", "\n".join(["```", *shown, "```"]))
    ]  # fmt: skip


def test_a_document_in_letters_of_one_width_has_no_listings():
    assert blocks(("Courier", [PROSE, PROSE])) == [("prose", f"{PROSE} {PROSE}")]


def test_a_table_in_letters_of_one_width_stays_one():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 760, f"{PROSE} {PROSE}")
        canvas.setFont("Courier", 9)
        for at, row in enumerate((("pump", "12 bar"), ("valve", "7 bar"), ("fan", "3 bar"))):
            for left, words in zip((72, 260), row, strict=True):
                canvas.drawString(left, 730 - 12 * at, words)

    assert (
        "pump | 12 bar\nvalve | 7 bar\nfan | 3 bar"
        in read_pdf(pdf_document([page]), ReadingRules(200)).text
    )


def blocks(*parts: tuple[str, Sequence[str]]) -> list[tuple[str, str]]:
    def page(canvas) -> None:
        top = 760
        for font, lines in parts:
            canvas.setFont(font, 10)
            for line in lines:
                canvas.drawString(72 + 6 * (len(line) - len(line.lstrip())), top, line.strip())
                top -= 12
            top -= 10

    parsed = read_pdf(pdf_document([page]), ReadingRules(200))
    return [(one.kind, parsed.text[one.start : one.end]) for one in parsed.blocks]
