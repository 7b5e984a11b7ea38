"""Which reader takes which suffix. A reader's library is imported when a file needs it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dagster_kb.readers import html_page, notebook, office_archive, pdf
from dagster_kb.readers.code_languages import LANGUAGES
from dagster_kb.readers.delimited import read_delimited
from dagster_kb.readers.file_properties import with_office_properties, with_pdf_information
from dagster_kb.readers.html_page import read_html
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.mdx import read_mdx
from dagster_kb.readers.notebook import read_notebook
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.pdf import read_pdf
from dagster_kb.readers.plain_text import read_plain_text
from dagster_kb.readers.presentation import read_presentation
from dagster_kb.readers.reading_rules import ReadingRules
from dagster_kb.readers.restructured_text import read_restructured_text
from dagster_kb.readers.source_code import read_source_code
from dagster_kb.readers.source_text import MAX_TEXT_BYTES
from dagster_kb.readers.word_document import read_word_document
from dagster_kb.readers.workbook import read_workbook

Read = Callable[[bytes, ReadingRules], ParsedDocument]
_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class Format:
    """A media type, what reads it, and the bytes of a file at most."""

    mime: str
    read: Read
    largest: int = MAX_TEXT_BYTES
    named_by_file: bool = False
    """A text in it seldom says what it is called: its file's name does."""
    version: int = 1
    """Raised where only this format is read otherwise than before: its documents are read anew."""

    @property
    def reading(self) -> str:
        """Names how the format is read."""
        return self.mime if self.version == 1 else f"{self.mime};{self.version}"


def _without_rules(read: Callable[[bytes], ParsedDocument]) -> Read:
    return lambda data, _rules: read(data)


def _office(kind: str, read: Callable[[bytes], ParsedDocument]) -> Format:
    return Format(
        f"{_OPEN_XML}.{kind}",
        lambda data, _rules: with_office_properties(read, data),
        office_archive.LARGEST_FILE,
        named_by_file=True,
        version=7,
    )


def _code(suffix: str) -> Format:
    language = LANGUAGES[suffix]
    return Format(
        language.mime, lambda data, _rules: read_source_code(data, language), named_by_file=True
    )


_MARKDOWN: Final = Format("text/markdown", _without_rules(read_markdown), version=5)
_HTML: Final = Format("text/html", _without_rules(read_html), html_page.LARGEST_FILE, version=7)
_REST: Final = Format("text/x-rst", _without_rules(read_restructured_text), version=7)
_COMMAS: Final = Format(
    "text/csv", lambda data, _rules: read_delimited(data), named_by_file=True, version=3
)
_TABS: Final = Format(
    "text/tab-separated-values",
    lambda data, _rules: read_delimited(data, delimiter="\t"),
    named_by_file=True,
    version=3,
)

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".md": _MARKDOWN,
        ".markdown": _MARKDOWN,
        ".mdx": Format("text/mdx", _without_rules(read_mdx), version=5),
        ".txt": Format(
            "text/plain", _without_rules(read_plain_text), named_by_file=True, version=4
        ),
        ".rst": _REST,
        ".rest": _REST,
        ".html": _HTML,
        ".htm": _HTML,
        ".xhtml": _HTML,
        ".pdf": Format(
            "application/pdf",
            lambda data, rules: with_pdf_information(read_pdf, data, rules),
            pdf.LARGEST_FILE,
            named_by_file=True,
            version=8,
        ),
        ".docx": _office("wordprocessingml.document", read_word_document),
        ".pptx": _office("presentationml.presentation", read_presentation),
        ".xlsx": _office("spreadsheetml.sheet", read_workbook),
        ".csv": _COMMAS,
        ".tsv": _TABS,
        ".ipynb": Format(
            "application/x-ipynb+json",
            _without_rules(read_notebook),
            notebook.LARGEST_FILE,
            version=7,
        ),
        **{suffix: _code(suffix) for suffix in LANGUAGES},
    }
)
# Grows whenever one format is read otherwise.
VERSIONS: Final = sum(one.version - 1 for one in set(FORMATS.values()))
LARGEST_FILE: Final = max(one.largest for one in FORMATS.values())


def suffix_of(path: str) -> str:
    """Return it in small letters, as `pathlib` finds it: asked of every file of every run, without its price."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def largest_of(path: str) -> int:
    """How many bytes a file of this name may have, so that it is worth fetching."""
    known = FORMATS.get(suffix_of(path))
    return known.largest if known else LARGEST_FILE
