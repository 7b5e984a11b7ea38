"""Writes the text that a document without one of its own is quoted by: Markdown-like, stable."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.readers.front_matter import FrontMatter
from dagster_kb.readers.parsed_document import (
    HeadingPath,
    ParsedDocument,
    first_heading,
    one_line,
)
from dagster_kb.readers.source_text import MAX_TEXT_BYTES
from kb_contract.errors import BadDocument

Row = Sequence[str]

# A longer table is written row by row with its headers, so that a row alone is understood.
SMALL_TABLE: Final = 600
LONGEST_NAME: Final = 200
_LINE_ENDS: Final = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# What a database cannot keep, or nobody can see; tabs and line ends stay.
_UNSEEN: Final = re.compile("[\0-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TRAILING: Final = re.compile(r"[ \t]+(?=\n)")


class ExtractedText:
    """Collects blocks, one after the other, with an empty line between them."""

    def __init__(self, largest: int = MAX_TEXT_BYTES) -> None:
        self.page: int | None = None
        self.path = HeadingPath()
        self._largest = largest
        self._parts: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def add(self, kind: BlockKind, words: str, columns: str = "", *, goes_on: bool = False) -> None:
        """Add a block; nothing where there are no words. A table says its columns' names if it can."""
        text = clean(words).rstrip().lstrip("\n")
        if not text.strip():
            return
        start = self._length + (2 if self._parts else 0)
        self._length = start + len(text)
        if self._length > self._largest:
            raise BadDocument(
                f"more than {self._largest:,} characters of text",
                cure="split it into several documents",
            )
        self._parts.append(text)
        self._blocks.append(
            Block(kind, start, self._length, self.path.words, self.page, goes_on, columns)
        )

    def heading(self, level: int, words: str, name: str = "") -> None:
        """Add a heading; what follows stands under it, or under what it is called without its markup."""
        line = " ".join(clean(words).split())
        if line:
            self.path.enter(level, one_line(name or line))
            self.add("heading", f"{'#' * min(level, 6)} {line}")

    def code(self, words: str, language: str = "") -> None:
        """Add code between fences."""
        if words.strip():
            fence = "`" * (max((len(one) for one in re.findall("`+", words)), default=2) + 1)
            fence = fence if len(fence) > 3 else "```"
            self.add("code", f"{fence}{language}\n{words.strip(chr(10))}\n{fence}")

    def table(self, rows: Iterable[Row], *, header: bool = True) -> None:
        """Add a table; the first row names the columns if `header` says so, else none does."""
        cells = [[cell(one) for one in row] for row in rows]
        cells = [row for row in cells if any(row)]
        if not cells:
            return
        small = _as_grid(cells, header=header)
        if not header or len(cells) < 3 or len(small) <= SMALL_TABLE:
            self.add("table", small)
        else:
            self.add("table", "\n".join(named_row(cells[0], row) for row in cells[1:]))

    def document(
        self, title: str | None = None, front: FrontMatter | None = None, notes: Sequence[str] = ()
    ) -> ParsedDocument:
        """Make the document of what was added; without a title, its first heading is one."""
        blocks = tuple(self._blocks)
        return ParsedDocument(
            title=first_heading(blocks) if title is None else title,
            front_matter=front or FrontMatter(),
            blocks=blocks,
            text="\n\n".join(self._parts),
            extracted=True,
            notes=tuple(notes),
        )


def clean(words: str) -> str:
    """Use one kind of line end, and leave out what can be neither kept nor seen."""
    return _TRAILING.sub("", _UNSEEN.sub("", _LINE_ENDS.sub("\n", words)))


def cell(words: str) -> str:
    """Say a cell on one line, all of it: what an export has in a cell may be a whole article."""
    return " ".join(clean(words).split())


def named_row(headers: Row, row: Row) -> str:
    """Say a row so that it is understood alone: `Header: value; Header: value`."""
    said = [
        f"{one_line(headers[number], LONGEST_NAME)}: {value}"
        if number < len(headers) and headers[number]
        else value
        for number, value in enumerate(row)
        if value
    ]
    return "; ".join(said)


def _as_grid(rows: Sequence[Row], *, header: bool) -> str:
    lines = ["| " + " | ".join(one.replace("|", "\\|") for one in row) + " |" for row in rows]
    under = ["|" + " --- |" * len(rows[0])] if header else []
    return "\n".join([lines[0], *under, *lines[1:]])
