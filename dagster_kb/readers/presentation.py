"""PPTX: a page for each slide, its title as heading, its tables, and what the speaker says."""

from collections.abc import Iterator
from typing import Any, Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.office_archive import open_office, sane_title
from dagster_kb.readers.office_charts import Charts
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.raised_words import END, LOWERED, RAISED, on_one_line
from kb_contract.errors import BadDocument

MOST_SLIDES: Final = 2_000
_DEEPEST_GROUP: Final = 20
_NO_MARKS: Final = str.maketrans("", "", "\x0e\x0f")


def read_presentation(data: bytes) -> ParsedDocument:
    """Read a presentation."""
    archive = open_office(data, "a PPTX presentation")
    import pptx  # noqa: PLC0415 (takes long; only presentations need it)

    into = ExtractedText()
    charts = Charts(into)
    try:
        deck = pptx.Presentation(archive)
        if len(deck.slides) > MOST_SLIDES:
            raise BadDocument(
                f"{len(deck.slides):,} slides, more than {MOST_SLIDES:,}",
                cure="split it into several documents",
            )
        for number, slide in enumerate(deck.slides, 1):
            into.page = number
            _write_slide(slide, number, into, charts)
        title = sane_title(deck.core_properties.title)
    except BadDocument:
        raise
    except Exception as error:
        raise BadDocument(
            f"it cannot be read as a presentation: {type(error).__name__}: {error}",
            cure="open it in its program, and save it again as PPTX",
        ) from error
    return into.document(title or None, notes=charts.notes())


def _write_slide(slide: Any, number: int, into: ExtractedText, charts: Charts) -> None:
    if slide.element.get("show") == "0":
        return
    title = slide.shapes.title
    title = None if title is None or _is_hidden(title) else title
    words = _words(title.text_frame) if title is not None else ""
    into.heading(1, " ".join(words.split("\n")).strip() or f"Slide {number}")
    for shape in _flat(slide.shapes, 0):
        # Shapes that were copied by programs may have one number.
        if title is None or shape.element is not title.element:
            _write_shape(shape, into, charts)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = _words(slide.notes_slide.notes_text_frame).strip()
        into.add("prose", f"Notes: {notes}" if notes else "")


def _flat(shapes: Any, depth: int) -> Iterator[Any]:
    for shape in shapes:
        if _is_hidden(shape):
            continue
        if hasattr(shape, "shapes") and depth < _DEEPEST_GROUP:
            yield from _flat(shape.shapes, depth + 1)
        else:
            yield shape


def _is_hidden(shape: Any) -> bool:
    """Tell what was hidden in the list of a slide's shapes; a group hides what is in it."""
    named = shape.element.find("./*/{*}cNvPr")
    return named is not None and named.get("hidden") in ("1", "true")


def _write_shape(shape: Any, into: ExtractedText, charts: Charts) -> None:
    if getattr(shape, "has_table", False):
        into.table([[_words(cell.text_frame) for cell in row.cells] for row in shape.table.rows])
    elif getattr(shape, "has_chart", False):
        charts.write(shape.chart.element)
    elif getattr(shape, "has_text_frame", False):
        _write_paragraphs(shape, into)


def _write_paragraphs(shape: Any, into: ExtractedText) -> None:
    said = [(one.level, _said(one)) for one in shape.text_frame.paragraphs]
    said = [(level, words) for level, words in said if words.strip()]
    if len(said) == 1 and said[0][0] == 0:
        into.add("prose", said[0][1])
    else:
        items = ("  " * level + "- " + words.replace("\n", " ") for level, words in said)
        into.add("list", "\n".join(items))


def _words(frame: Any) -> str:
    return "\n".join(_said(one) for one in frame.paragraphs)


def _said(paragraph: Any) -> str:
    """Return a paragraph's words, what stands higher or lower with its mark."""
    parts = (_part(one) for one in paragraph._p.content_children)  # noqa: SLF001 - the library has no public way to line breaks and fields
    return on_one_line("".join(parts)).replace("\x0b", "\n")


def _part(element: Any) -> str:
    words = element.text.translate(_NO_MARKS)
    properties = getattr(element, "rPr", None)
    shift = str(properties.get("baseline", "0")) if properties is not None else "0"
    if shift.strip("-0%") == "" or not words.strip():
        return words
    return f"{LOWERED if shift.startswith('-') else RAISED}{words}{END}"
