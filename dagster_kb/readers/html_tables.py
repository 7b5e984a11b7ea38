"""Tables of a page: which hold data, what names their columns, and what each cell says in each row."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.html_words import lines_of, words_of
from dagster_kb.readers.parsed_document import refuse_more_than
from dagster_kb.readers.source_text import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# A row's or a column's name may reach over so many; HTML itself allows 1,000.
_WIDEST: Final = 100
MOST_REPEATED: Final = 1_000_000
_LAYOUT: Final = "td h1, td h2, td h3, td pre"
_LONG_CELLS: Final = "td p ~ p, td ul"


def holds_data(table: "LexborNode") -> bool:
    """Tell a table of data from one that only lays the page out: long cells may be either's."""
    # A selector may begin above the table, and so find the table itself.
    if any(one.mem_id != table.mem_id for one in table.css("table")) or table.css_first(_LAYOUT):
        return False
    return table.css_first(_LONG_CELLS) is None or len(_names(table)) > 1


class RepeatedCells:
    """Counts what a page's cells say again in further rows and columns: a few tags may ask for any number."""

    def __init__(self) -> None:
        self._cells = 0
        self._characters = 0

    def again(self, words: str) -> str:
        """Say words once more, or refuse the page."""
        self._cells += 1
        self._characters += len(words)
        refuse_more_than(MOST_REPEATED, "cells by rowspan and colspan", self._cells)
        refuse_more_than(MAX_TEXT_BYTES, "characters of text", self._characters)
        return words


def rows_of(table: "LexborNode", repeated: RepeatedCells) -> list[list[str]]:
    """Say a cell in every row that it reaches over, so that each value stands below its name."""
    return list(_squared(table.css("tr"), repeated))


def names_columns(table: "LexborNode") -> bool:
    """Tell whether a first row is one of names."""
    return bool(_names(table))


def _names(table: "LexborNode") -> list["LexborNode"]:
    """Take a first row for names by its tags, or since all of it is bold."""
    row = table.css_first("tr")
    if row is None:
        return []
    cells = list(_cells(row))
    filled = [one for one in cells if words_of(one)]
    if row.parent is not None and row.parent.tag == "thead":
        return filled or cells
    return filled if all(one.tag == "th" or _is_bold(one) for one in filled) else []


def _squared(rows: Iterable["LexborNode"], repeated: RepeatedCells) -> Iterator[list[str]]:
    below: dict[int, tuple[int, str]] = {}
    for row in rows:
        said: list[str] = []
        for node in [*_cells(row), None]:
            while (held := below.pop(len(said), None)) is not None:
                if held[0] > 1:
                    below[len(said)] = (held[0] - 1, held[1])
                said.append(repeated.again(held[1]))
            if node is not None:
                words, down = _on_one_line(node), _span(node, "rowspan")
                for further in range(_span(node, "colspan")):
                    # A name over two columns is the name of both; a remark is said once.
                    part = words if node.tag == "th" or not further else ""
                    if down > 1:
                        below[len(said)] = (down - 1, part)
                    said.append(repeated.again(part) if further else part)
        yield said


def _on_one_line(cell: "LexborNode") -> str:
    """Say a cell, items and paragraphs in it parted by commas where they do not end by themselves."""
    said = ""
    for line in lines_of(cell).splitlines():
        said += f"{'' if said[-1] in '.,;:!?' else ','} {line}" if said else line
    return said


def _is_bold(cell: "LexborNode") -> bool:
    bold = cell.css_first("b, strong")
    return bold is not None and words_of(bold) == words_of(cell)


def _span(node: "LexborNode", name: str) -> int:
    said = (node.attributes.get(name) or "").strip()
    return max(1, min(int(said), _WIDEST)) if said.isascii() and said.isdigit() else 1


def _cells(row: "LexborNode") -> Iterator["LexborNode"]:
    child = row.first_child
    while child is not None:
        if child.tag in ("td", "th"):
            yield child
        child = child.next
