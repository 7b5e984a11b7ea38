"""PDF: the text layer page by page; headings by size, rows of tables kept whole, OCR if asked."""

from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.office_archive import sane_title
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.pdf_characters import lines_of
from dagster_kb.readers.pdf_forms import opened
from dagster_kb.readers.pdf_layout import PdfLayout
from dagster_kb.readers.pdf_lines import PageLines
from dagster_kb.readers.pdf_ocr import Tesseract
from dagster_kb.readers.pdf_pictures import is_picture, without_stamps
from dagster_kb.readers.reading_rules import ReadingRules
from dagster_kb.readers.source_text import refuse_other_than
from kb_contract.errors import BadDocument

LARGEST_FILE: Final = 64 * 1024 * 1024
MOST_PAGES: Final = 3_000
_NAMED_PAGES: Final = 20


@dataclass(frozen=True)
class _Pages:
    said: list[PageLines]
    pictures: list[int]
    """Those, counted from 0, whose text is in a picture that nobody read."""


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
    # Fields that the file does not draw itself are drawn by this.
    document.init_forms()
    pages = _Pages([], [])
    for number in range(len(document)):
        page = opened(document, number)
        try:
            said = lines_of(page)
            is_read = not is_picture(page, said)
            if not is_read and ocr and (seen := ocr.read(page)).lines:
                said, is_read = seen, True
        finally:
            page.close()
        pages.said.append(said)
        if not is_read:
            pages.pictures.append(number)
    return pages


def _document(pages: _Pages, title: str) -> ParsedDocument:
    shown = without_stamps(pages.said, pages.pictures)
    if pages.pictures and not any(one.lines for one in shown):
        stamped = " but a stamp" if any(one.lines for one in pages.said) else ""
        raise BadDocument(
            f"none of its {len(shown)} pages has a text layer{stamped}: it is a scan",
            cure="set PDF_OCR to its language, for example eng, or give it a text layer by OCR",
        )
    into = ExtractedText()
    layout = PdfLayout.of(shown)
    layout.write(into)
    notes = [*_unread(pages), *layout.notes()]
    return into.document(title or layout.title() or None, notes=notes)


def _unread(pages: _Pages) -> list[str]:
    if not pages.pictures:
        return []
    named = ", ".join(str(one + 1) for one in pages.pictures[:_NAMED_PAGES])
    more = ", …" if len(pages.pictures) > _NAMED_PAGES else ""
    return [
        f"{len(pages.pictures)} of {len(pages.said)} pages have no text layer and were not "
        f"read: {named}{more} → set PDF_OCR to their language, for example eng"
    ]


def _unreadable(error: Exception) -> BadDocument:
    said = str(error)
    if "password" in said.lower():
        return BadDocument("it is encrypted with a password", cure="save it without one")
    return BadDocument(
        f"it is damaged: {said}", cure="open it in a viewer, and print it to a new PDF"
    )
