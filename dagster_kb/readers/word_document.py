"""DOCX: headings by style, lists, tables, footnotes; text as it stands with all changes accepted."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.office_archive import open_office, sane_title
from dagster_kb.readers.office_charts import C, Charts
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.word_text import W, Words
from kb_contract.errors import BadDocument

_CONTAINERS: Final = frozenset(
    {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml"}
)
_DEEPEST: Final = 50
_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_word_document(data: bytes) -> ParsedDocument:
    """Read a document of Word or of a program that writes the same."""
    archive = open_office(data, "a DOCX document")
    import docx  # noqa: PLC0415 (takes long; only such documents need it)

    into = ExtractedText()
    try:
        document = docx.Document(archive)
        writer = _Writer(into, document)
        writer.write(document.element.body)
        writer.write_footnotes(document)
        title = sane_title(document.core_properties.title)
    except BadDocument:
        raise
    except Exception as error:
        raise BadDocument(
            f"it cannot be read as a DOCX document: {type(error).__name__}: {error}",
            cure="open it in its program, and save it again as DOCX",
        ) from error
    return into.document(title or writer.title or None, notes=writer.charts.notes())


class _Writer:
    """Writes what stands in the body, block by block."""

    def __init__(self, into: ExtractedText, document: Any) -> None:
        self.title = ""
        self.charts = Charts(into)
        self._into = into
        self._words = Words.of(document)
        self._parts = document.part.related_parts
        self._kind: Literal["list", "code"] = "list"
        self._lines: list[str] = []

    def write(self, body: Any) -> None:
        for node in _blocks(body, 0):
            if node.tag == f"{W}p":
                self._write_paragraph(node)
            else:
                self._end_lines()
                self._into.table(self._words.rows(node))
        self._end_lines()

    def write_footnotes(self, document: Any) -> None:
        notes = list(self._words.footnotes(document))
        if notes:
            self._into.add("list", "\n".join(notes))

    def _write_paragraph(self, node: Any) -> None:
        words = self._words.of_paragraph(node)
        style = self._words.style(node)
        if style.name == "title" and not self.title:
            self.title = " ".join(words.split())
        level = 1 if style.name == "title" else self._words.heading_level(node, style)
        if level:
            self._end_lines()
            self._into.heading(level, words)
        elif (depth := self._words.list_depth(node, style)) is not None:
            if words.strip():
                item = "  " * min(depth, 8) + "- " + words.strip().replace("\n", " ")
                self._gather("list", item)
        elif style.code:
            self._gather("code", words)
        else:
            self._end_lines()
            self._into.add("prose", words)
        # Text boxes hang on the paragraph that they were drawn beside.
        for box in self._words.boxes(node):
            self._end_lines()
            self._into.add("prose", box)
        for chart in node.iter(f"{C}chart"):
            self._end_lines()
            self._write_chart(chart.get(_ID))

    def _write_chart(self, name: str | None) -> None:
        from docx.oxml import parse_xml  # noqa: PLC0415 (as the whole library)

        if name in self._parts:
            # This parser resolves no entities and opens no network.
            self.charts.write(parse_xml(self._parts[name].blob))
        else:
            self.charts.unread += 1

    def _gather(self, kind: Literal["list", "code"], line: str) -> None:
        """Keep a paragraph that is one line of a block."""
        if kind != self._kind:
            self._end_lines()
        self._kind = kind
        self._lines.append(line)

    def _end_lines(self) -> None:
        lines = "\n".join(self._lines)
        if self._kind == "code":
            self._into.code(lines)
        else:
            self._into.add("list", lines)
        self._lines.clear()


def _blocks(parent: Any, depth: int) -> Iterator[Any]:
    """Give paragraphs and tables; content controls are looked into, tables of contents are not."""
    for node in parent:
        if node.tag in (f"{W}p", f"{W}tbl"):
            yield node
        elif node.tag in _CONTAINERS and depth < _DEEPEST and not _is_contents(node):
            yield from _blocks(node, depth + 1)


def _is_contents(node: Any) -> bool:
    said = node.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return said is not None and said.get(f"{W}val") == "Table of Contents"
