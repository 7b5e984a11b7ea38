"""What people wrote into a form is read where it stands; comments on a page are not."""

import pytest

from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.reading_rules import ReadingRules
from tests.doubles.sample_documents import pdf_document


def form(canvas) -> None:
    field = {"x": 250, "y": 696, "width": 200, "height": 18}
    canvas.drawString(72, 700, "Name of the applicant:")
    canvas.acroForm.textfield(name="name", value="Ada Lovelace", **field)
    canvas.acroForm.textfield(
        name="key", value="never shown", annotationFlags="hidden", **field | {"y": 600}
    )
    canvas.drawString(72, 650, "Signed in the hall.")
    canvas.textAnnotation("A comment to the author", Rect=(72, 500, 200, 520))


@pytest.mark.parametrize("drawn_by_the_file", [True, False])
def test_filled_fields_are_read_beside_their_labels(drawn_by_the_file: bool):
    data = pdf_document([form])
    text = read_pdf(
        data if drawn_by_the_file else data.replace(b"/AP", b"/XX"), ReadingRules(200)
    ).text
    assert text.split("\n\n") == ["Name of the applicant: Ada Lovelace", "Signed in the hall."]
