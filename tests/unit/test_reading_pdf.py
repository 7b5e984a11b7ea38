import io
import shutil

import pytest

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading import read_document
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument
from tests.doubles.sample_documents import PARAGRAPH, draw_lines, pdf_document

RULES = ReadingRules(200)


def blocks(data: bytes, rules: ReadingRules = RULES) -> list[tuple[str, int | None, str]]:
    parsed = read_pdf(data, rules)
    return [(one.kind, one.page, parsed.text[one.start : one.end]) for one in parsed.blocks]


def test_headings_paragraphs_and_rows_have_pages():
    assert blocks(pdf_document()) == [
        ("heading", 1, "# Gateway handbook"),
        ("prose", 1, PARAGRAPH),
        ("heading", 2, "## Limits"),
        ("table", 2, "Name | Limit | Owner\ngateway | 15 min | Ada\nledger | 2 h | Grace"),
        ("prose", 2, "What is not named here has no limit at all."),
    ]


def test_columns_are_read_one_after_the_other():
    left = [f"the left column tells its line {one:02} here" for one in range(12)]
    right = [f"the right column tells its line {one:02} here" for one in range(12)]

    def page(canvas) -> None:
        canvas.setFont("Helvetica", 9)
        draw_lines(canvas, left)
        draw_lines(canvas, right, left=320)

    text = read_pdf(pdf_document([page]), RULES).text
    assert text.index(left[-1]) < text.index(right[0])


def test_signs_of_money_stay_with_their_numbers():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for number, row in enumerate(
            [("Sales", "$", "16,388", "$", "14,573"), ("Costs", "", "(84", "", "12")]
        ):
            for at, words in zip((72, 260, 270, 308, 330), row, strict=True):
                canvas.drawString(at, 700 - 14 * number, words)
        canvas.drawString(286, 686, ")")

    assert blocks(pdf_document([page])) == [
        ("table", 1, "Sales | $ 16,388 | $ 14,573\nCosts | (84) | 12")
    ]


def test_running_titles_and_page_numbers_are_left_out():
    def page(number: int):
        def draw(canvas) -> None:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(72, 800, "ACME INC. 2023")
            draw_lines(canvas, [f"What page {one} says of item {number}." for one in "abcd"])
            canvas.drawString(290, 30, str(number))

        return draw

    parsed = read_pdf(pdf_document([page(one) for one in range(1, 7)]), RULES)
    assert "ACME" not in parsed.text
    assert {one.page for one in parsed.blocks} == set(range(1, 7))


def picture_page(canvas) -> None:
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    image = Image.new("L", (1200, 300), 255)
    font = ImageFont.load_default(size=60)
    ImageDraw.Draw(image).text((40, 80), "The limit is fifteen minutes", fill=0, font=font)
    canvas.drawImage(ImageReader(image), 72, 500, width=450, height=112)


def words_page(canvas) -> None:
    draw_lines(canvas, ["A page with words."])


def test_a_scan_is_refused_with_the_cure_and_a_scanned_page_is_noted():
    with pytest.raises(BadDocument, match="none of its 1 pages has a text layer") as refusal:
        read_pdf(pdf_document([picture_page]), RULES)
    assert "PDF_OCR" in refusal.value.cure
    found = read_document("a.pdf", pdf_document([words_page, picture_page]), count_tokens=len)
    assert "1 of 2 pages have no text layer and were not read: 2" in found.notes[0]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_ocr_reads_a_page_without_text():
    data = pdf_document([words_page, picture_page])
    parsed = read_pdf(data, ReadingRules(200, pdf_ocr="eng"))
    assert [one.page for one in parsed.blocks] == [1, 2]
    assert "The limit is fifteen minutes" in parsed.text
    assert parsed.notes == ()
    with pytest.raises(BadDocument, match="tesseract failed"):
        read_pdf(data, ReadingRules(200, pdf_ocr="xyz_none"))


def test_without_the_program_the_setting_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadDocument, match="tesseract is not there"):
        read_pdf(pdf_document([picture_page]), ReadingRules(200, pdf_ocr="eng"))


def encrypted(user: str, owner: str) -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    made = io.BytesIO()
    canvas = Canvas(made, encrypt=StandardEncryption(user, owner, canCopy=0, strength=128))
    words_page(canvas)
    canvas.save()
    return made.getvalue()


def test_encrypted_and_damaged_files_say_so():
    with pytest.raises(BadDocument, match="encrypted with a password"):
        read_pdf(encrypted("secret", "owner"), RULES)
    with pytest.raises(BadDocument, match="it is damaged"):
        read_pdf(b"%PDF-1.7\nno more", RULES)


def test_what_is_encrypted_but_opens_without_a_password_is_read():
    data = encrypted("", "owner")
    assert b"/Encrypt" in data
    assert blocks(data) == [("prose", 1, "A page with words.")]


def test_more_pages_than_a_document_has_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dagster_kb.readers.pdf.MOST_PAGES", 1)
    with pytest.raises(BadDocument, match="2 pages, more than 1"):
        read_pdf(pdf_document(), RULES)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("says_so", [True, False], ids=["page turned", "letters turned"])
def test_a_table_that_lies_on_its_side_is_read_as_it_is_meant(turn: int, says_so: bool):
    rows = [[f"cell {row} {column}" for column in range(4)] for row in range(6)]

    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        if says_so:
            canvas.setPageRotation(turn)
        canvas.translate(300, 400)
        canvas.rotate(turn)
        for number, row in enumerate(rows):
            for at, words in enumerate(row):
                canvas.drawString(-250 + 120 * at, 100 - 14 * number, words)

    assert blocks(pdf_document([page])) == [
        ("table", 1, "\n".join(" | ".join(row) for row in rows))
    ]


def test_a_title_and_a_heading_in_equal_letters_are_two():
    def page(canvas) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawCentredString(297, 745, "Tables manual")
        canvas.drawString(72, 717, "Torque of the units that are")
        canvas.drawString(72, 695, "in the hall")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 670, PARAGRAPH)

    assert blocks(pdf_document([page]))[:2] == [
        ("heading", 1, "# Tables manual"),
        ("heading", 1, "## Torque of the units that are in the hall"),
    ]


def test_the_lines_of_a_title_in_the_middle_are_one_heading():
    def page(canvas) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawCentredString(297, 745, "Handbook of all the")
        canvas.drawCentredString(297, 717, "halls and their units")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 670, PARAGRAPH)

    assert blocks(pdf_document([page]))[0] == (
        "heading",
        1,
        "# Handbook of all the halls and their units",
    )


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_words_that_are_turned_beside_upright_ones_stay_words(turn: int):
    def page(canvas) -> None:
        draw_lines(canvas, ["What stands upright on this page is most of it."] * 2)
        canvas.translate(300, 400)
        canvas.rotate(turn)
        canvas.drawString(0, 0, "The pump is torqued")
        canvas.drawString(0, -14, "to 74 Nm.")

    assert [said for _, _, said in blocks(pdf_document([page]))][-1] == (
        "The pump is torqued to 74 Nm."
    )


def test_a_hyphen_at_a_lines_end_is_the_words_own_where_both_halves_are_words():
    lines = [
        "We sell every third party a hydraulic pump on a native cloud, and maintain it; we main-",
        "tain the hydrau-",
        "lic unit of a third-",
        "party hall, as the cloud-",
        "native service of Trans-",
        "Atlantic and of unit K-",
        "12 says.",
    ]
    text = read_pdf(pdf_document([lambda canvas: draw_lines(canvas, lines)]), RULES).text
    for said in ("we maintain the hydraulic unit", "third-party hall", "cloud-native service",
                 "Trans-Atlantic and", "unit K-12 says"):  # fmt: skip
        assert said in text


def test_a_hyphen_in_doubt_is_as_most_of_the_document():
    own = [
        "It is done in steps for a long time, and a state is other than that of a third party store.",
        "It serves third-",
        "party stores, the in-",
        "home staff, stay-at-",
        "home goods, state-",
        "sponsored groups, other-than-",
        "temporarily, and co-",
        "founded firms.",
    ]
    text = read_pdf(pdf_document([lambda canvas: draw_lines(canvas, own)]), RULES).text
    for said in ("third-party", "in-home", "stay-at-home", "state-sponsored",
                 "other-than-temporarily", "co-founded"):  # fmt: skip
        assert said in text
    broken = [
        "The hydraulic unit was created, and we contain it in a hall.",
        "A hydrau-",
        "lic unit is cre-",
        "ated; the hall is contain-",
        "ing manipu-",
        "lations and stay-at-",
        "homers.",
    ]
    text = read_pdf(pdf_document([lambda canvas: draw_lines(canvas, broken)]), RULES).text
    for said in ("hydraulic unit is created", "containing manipulations", "stay-at-homers"):
        assert said in text


def test_words_that_are_drawn_one_by_one_are_parted():
    def page(canvas) -> None:
        canvas.setFont("Times-Roman", 11)
        left = 72
        for word in PARAGRAPH.split():
            canvas.drawString(left, 700, word)
            left += canvas.stringWidth(word) + 3

    assert blocks(pdf_document([page])) == [("prose", 1, PARAGRAPH)]
