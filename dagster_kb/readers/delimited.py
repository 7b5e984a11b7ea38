"""CSV and TSV: each row is said with its headers."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final, Literal

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.front_matter import BOM
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.source_text import decode
from dagster_kb.readers.table_rows import MOST_CELLS, write_rows
from kb_contract.errors import BadDocument

_DELIMITERS: Final = ",;\t|"
_LINES_LOOKED_AT: Final = 20
# So programs tell Excel what parts the cells; it is no row.
_SAID: Final = re.compile(r"sep=(?P<delimiter>[^\r\n\"'\w ])(?:\r\n?|\n)", re.IGNORECASE)


def read_delimited(data: bytes, *, delimiter: str = "") -> ParsedDocument:
    """Read a table of text; the delimiter is found when none is given."""
    source = decode(data).removeprefix(BOM)
    into = ExtractedText()
    if said := _SAID.match(source):
        source, delimiter = source[said.end() :], said["delimiter"]
    part = delimiter or _delimiter(source)
    rows = list(_rows(source, part))
    if part == "\t" and any(part in one and "\n" in one for row in rows for one in row):
        # Inches, not a quote: many programs write tabs and quote nothing.
        rows = list(_rows(source, part, quoting=csv.QUOTE_NONE))
    write_rows(rows, into)
    return into.document("")


def _rows(
    source: str, delimiter: str, *, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
) -> Iterator[list[str]]:
    cells = 0
    lines = io.StringIO(source, newline="")
    rows = csv.reader(lines, delimiter=delimiter, quoting=quoting)
    try:
        for row in rows:
            cells += len(row)
            if cells > MOST_CELLS:
                raise BadDocument(
                    f"more than {MOST_CELLS:,} cells", cure="split it into several documents"
                )
            yield row
    except csv.Error as error:
        raise BadDocument(
            f"line {rows.line_num}: {error}",
            cure="close every quote, quote what holds quotes, and give what is longer than "
            f"{csv.field_size_limit():,} characters a document of its own",
        ) from error


def _delimiter(source: str) -> str:
    """Take the one that parts most lines into equally many cells, more than one."""
    lines = [line for line in source[:100_000].splitlines()[:_LINES_LOOKED_AT] if line.strip()]

    def agreement(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        usual = max(set(widths), key=widths.count, default=0)
        return (widths.count(usual), usual) if usual > 1 else (0, 0)

    try:
        return max(_DELIMITERS, key=agreement)
    except csv.Error:
        return ","
