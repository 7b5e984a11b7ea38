"""PDF: the text layer page by page; headings by size, rows of tables kept whole, OCR if asked."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.office_archive import sane_title
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.pdf_characters import Line, lines_of
from dagster_kb.readers.pdf_layout import PdfLayout
from dagster_kb.readers.pdf_ocr import Tesseract
from dagster_kb.readers.reading_rules import ReadingRules
from dagster_kb.readers.source_text import refuse_other_than
from kb_contract.errors import BadDocument

LARGEST_FILE: Final = 64 * 1024 * 1024
MOST_PAGES: Final = 3_000
_NAMED_PAGES: Final = 20
_FEW_CURVES: Final = 30


@dataclass(frozen=True)
class _Pages:
    lines: list[list[Line]]
    without_text: list[int]


def read_pdf(data: bytes, rules: ReadingRules) -> ParsedDocument:
    """Read a PDF."""
    refuse_other_than(data, b"%PDF-", "a PDF", LARGEST_FILE)
    import pypdfium2  # noqa: PLC0415 (native code; only PDFs need it)

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(error) from error
    try:
        pages = _pages(document, Tesseract(rules.pdf_ocr) if rules.pdf_ocr else None)
        title = sane_title(document.get_metadata_value("Title"))
    except pypdfium2.PdfiumError as error:
        raise _unreadable(error) from error
    finally:
        document.close()
    return _document(pages, title)


def _pages(document: Any, ocr: Tesseract | None) -> _Pages:
    if len(document) > MOST_PAGES:
        raise BadDocument(
            f"{len(document):,} pages, more than {MOST_PAGES:,}", cure="split it into several files"
        )
    pages = _Pages([], [])
    for number in range(len(document)):
        page = document[number]
        try:
            lines = lines_of(page)
            if not lines and ocr and _has_something(page):
                lines = ocr.read(page)
            if not lines and _has_something(page):
                pages.without_text.append(number + 1)
        finally:
            page.close()
        pages.lines.append(lines)
    return pages


def _has_something(page: Any) -> bool:
    """Tell whether words may be drawn on a page: in a picture, or as many curves."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 (as the whole library)

    kinds = [one.type for one in islice(page.get_objects(max_depth=3), _FEW_CURVES + 1)]
    return pdfium.FPDF_PAGEOBJ_IMAGE in kinds or len(kinds) > _FEW_CURVES


def _document(pages: _Pages, title: str) -> ParsedDocument:
    if not any(pages.lines) and pages.without_text:
        raise BadDocument(
            f"none of its {len(pages.lines)} pages has a text layer: it is a scan",
            cure="set PDF_OCR to its language, for example eng, or give it a text layer by OCR",
        )
    into = ExtractedText()
    layout = PdfLayout.of(pages.lines)
    layout.write(into)
    return into.document(title or layout.title() or None, notes=_notes(pages))


def _notes(pages: _Pages) -> list[str]:
    if not pages.without_text:
        return []
    named = ", ".join(str(one) for one in pages.without_text[:_NAMED_PAGES])
    more = ", …" if len(pages.without_text) > _NAMED_PAGES else ""
    return [
        f"{len(pages.without_text)} of {len(pages.lines)} pages have no text layer and were not "
        f"read: {named}{more} → set PDF_OCR to their language, for example eng"
    ]


def _unreadable(error: Exception) -> BadDocument:
    said = str(error)
    if "password" in said.lower():
        return BadDocument("it is encrypted with a password", cure="save it without one")
    return BadDocument(
        f"it is damaged: {said}", cure="open it in a viewer, and print it to a new PDF"
    )
