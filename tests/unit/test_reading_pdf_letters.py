"""A line is as large as most of its letters; what is taller, or beside it, makes no heading of it."""

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.sample_documents import pdf_document

BODY = "Each pump of the hall is looked at by the crew of the night, who write down what they see."
POINTS = [f"point {one} says that value {one} is right" for one in range(3)]


def test_items_behind_a_bullet_of_taller_letters_are_no_heading():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 760, BODY)
        for at, point in enumerate(POINTS):
            canvas.setFont("Symbol", 10)
            canvas.drawString(90, 730 - 12 * at, "•")
            canvas.setFont("Helvetica", 10)
            canvas.drawString(102, 730 - 12 * at, point)

    assert blocks(page) == [("prose", BODY), *(("list", f"• {one}") for one in POINTS)]


def test_items_in_larger_letters_than_the_body_are_no_heading():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 760, BODY)
        canvas.setFont("Helvetica", 14)
        for at, point in enumerate(POINTS):
            canvas.drawString(90, 730 - 18 * at, f"• {point}")

    assert blocks(page) == [("prose", BODY), *(("list", f"• {one}") for one in POINTS)]


def test_lines_beside_a_tall_number_stay_lines():
    def page(canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(72, 760, BODY)
        canvas.setFont("Helvetica-Bold", 30)
        canvas.drawString(72, 700, "42%")
        canvas.setFont("Helvetica", 10)
        for at, words in enumerate(
            ("of all the crews in the", "plant say that they", "would come again")
        ):
            canvas.drawString(150, 714 - 12 * at, words)

    text = " ".join(said for _, said in blocks(page))
    assert "crews in the plant say that they would come again" in text.replace("42% ", "")
    assert all(kind == "prose" for kind, _ in blocks(page))


def blocks(page) -> list[tuple[str, str]]:
    parsed = read_pdf(pdf_document([page]), ReadingRules(200))
    return [(one.kind, parsed.text[one.start : one.end]) for one in parsed.blocks]
