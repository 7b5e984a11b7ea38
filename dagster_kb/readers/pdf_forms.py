"""What people wrote into the fields of a PDF's form: no part of its pages until it is drawn on them."""

from typing import Any


def opened(document: Any, number: int) -> Any:
    """Open a page with the fields that it shows; its notes and comments stay out."""
    page = document[number]
    if document.formenv is None or not _has_fields_alone(page):
        return page
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
    page.close()
    return document[number]


def _has_fields_alone(page: Any) -> bool:
    """Take away what else is laid over the page, and tell whether fields are left."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    for at in reversed(range(pdfium.FPDFPage_GetAnnotCount(page.raw))):
        laid_over = pdfium.FPDFPage_GetAnnot(page.raw, at)
        is_field = pdfium.FPDFAnnot_GetSubtype(laid_over) == pdfium.FPDF_ANNOT_WIDGET
        pdfium.FPDFPage_CloseAnnot(laid_over)
        if not is_field:
            pdfium.FPDFPage_RemoveAnnot(page.raw, at)
    return pdfium.FPDFPage_GetAnnotCount(page.raw) > 0
