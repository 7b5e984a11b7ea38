"""XLSX: a heading for each sheet, each row said with its headers; formulas by their last value."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.merged_cells import filled_down, tall_cells
from dagster_kb.readers.number_formats import as_shown, is_hidden
from dagster_kb.readers.office_archive import open_office, sane_title
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.sheet_xml import SheetFacts
from dagster_kb.readers.table_rows import MOST_CELLS, write_rows
from kb_contract.errors import BadDocument

MOST_SHEETS: Final = 200
_NAMED: Final = 5
_DEFAULT_NAME: Final = re.compile(r"[A-Z][a-z]+ ?1")


def read_workbook(data: bytes) -> ParsedDocument:
    """Read a workbook."""
    archive = open_office(data, "an XLSX workbook")
    import openpyxl  # noqa: PLC0415 (takes long; only workbooks need it)

    into = ExtractedText()
    with warnings.catch_warnings():
        # It warns of what it does not show: validations, charts, and headers of pages.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(archive, read_only=True, data_only=True)
            left_out = _write(book, into)
        except BadDocument:
            raise
        except Exception as error:
            raise BadDocument(
                f"it cannot be read as a workbook: {type(error).__name__}: {error}",
                cure="open it in its program, and save it again as XLSX",
            ) from error
    return into.document(sane_title(book.properties.title), notes=left_out.notes())


@dataclass
class _LeftOut:
    """What of the sheets that are shown is not."""

    rows: int = 0
    columns: int = 0
    without_value: int = 0
    named: list[str] = field(default_factory=list[str])

    def add(self, sheet: str, facts: SheetFacts) -> None:
        self.without_value += facts.without_value
        self.named += [f"{sheet}!{one}" for one in facts.named]

    def notes(self) -> list[str]:
        said: list[str] = []
        if self.without_value:
            more = ", …" if self.without_value > _NAMED else ""
            said.append(
                f"{self.without_value} formulas have no value and say nothing: "
                f"{', '.join(self.named[:_NAMED])}{more} → open it in its program, and save it again"
            )
        if self.rows or self.columns:
            said.append(f"left out: {self.rows} hidden rows and {self.columns} hidden columns")
        return said


def _write(book: Any, into: ExtractedText) -> _LeftOut:
    sheets = [one for one in book.worksheets if one.sheet_state == "visible"]
    if len(sheets) > MOST_SHEETS:
        raise BadDocument(
            f"{len(sheets)} sheets, more than {MOST_SHEETS}", cure="split it into several documents"
        )
    cells, left_out = 0, _LeftOut()
    for sheet in sheets:
        # Some programs write a wrong size down, a million rows of nothing among them.
        sheet.reset_dimensions()
        rows: list[list[str]] = []
        for row in _filled(sheet, left_out):
            cells += len(row)
            if cells > MOST_CELLS:
                raise BadDocument(
                    f"more than {MOST_CELLS:,} cells", cure="split it into several documents"
                )
            rows.append(row)
        if rows:
            if len(sheets) > 1 or not _DEFAULT_NAME.fullmatch(str(sheet.title)):
                into.heading(1, str(sheet.title))
            write_rows(rows, into)
    return left_out


def _filled(sheet: Any, left_out: _LeftOut) -> Iterator[list[str]]:
    with sheet._get_source() as source:  # noqa: SLF001 - its own way to the sheet's XML
        tall = tall_cells(source)
    with sheet._get_source() as source:  # noqa: SLF001 - as above
        facts = SheetFacts.of(source)
    left_out.add(str(sheet.title), facts)
    hidden: set[int] = set()
    rows = ([_said(cell) for cell in row] for row in sheet.iter_rows())
    for number, row in enumerate(filled_down(rows, tall), 1):
        filled = {at for at, one in enumerate(row, 1) if one is not None}
        if number in facts.rows:
            left_out.rows += bool(filled)
        elif filled:
            hidden |= filled & facts.columns
            yield [one or "" for at, one in enumerate(row, 1) if at not in facts.columns]
    left_out.columns += len(hidden)


def _said(cell: Any) -> str | None:
    """Say a cell's value as a person would read it."""
    value = cell.value
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    shown_as = _format(cell)
    if is_hidden(shown_as, words=isinstance(value, str)):
        return None
    if isinstance(value, int | float):
        return as_shown(value, shown_as) or _number(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _format(cell: Any) -> str:
    try:
        return str(cell.number_format)
    except IndexError:
        # Some programs name a style that the workbook does not have.
        return ""


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
