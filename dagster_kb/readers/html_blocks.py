"""From a page's tree to blocks, node by node, without recursion: pages may nest without end."""

import re
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.extracted_text import ExtractedText
from dagster_kb.readers.html_tables import RepeatedCells, holds_data, names_columns, rows_of
from dagster_kb.readers.html_words import (
    BLOCKS,
    HEADINGS,
    LISTS,
    items_of,
    spoken,
    typed,
    words_of,
)

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_QUOTE: Final = "blockquote"
_ANCHOR: Final = re.compile(r"\s*¶$|\s+#$")


class HtmlBlocks:
    """Writes the nodes of a page, of which nobody sees nothing any more, as blocks."""

    def __init__(self, into: ExtractedText) -> None:
        self._into = into
        self._inline: list[str] = []
        self._quotes = 0
        self._repeated = RepeatedCells()

    def write(self, root: "LexborNode") -> None:
        """Write everything below a node."""
        stack: list[LexborNode | str | None] = [root.first_child]
        while stack:
            node = stack.pop()
            if node is None or isinstance(node, str):
                self._end_paragraph()
                self._quotes -= node == _QUOTE
                continue
            if node.next is not None:
                stack.append(node.next)
            if self._is_leaf(node):
                continue
            # A name marks where this block ends, and with it a paragraph.
            if node.tag in BLOCKS:
                self._end_paragraph()
                self._quotes += node.tag == _QUOTE
                stack.append(node.tag)
            if node.first_child is not None:
                stack.append(node.first_child)
        self._end_paragraph()

    def _is_leaf(self, node: "LexborNode") -> bool:
        """Write a node that is a block as a whole, or words."""
        tag = node.tag or ""
        if tag in HEADINGS:
            self._end_paragraph()
            self._into.heading(HEADINGS[tag], _ANCHOR.sub("", words_of(node)))
        elif tag in LISTS and node.css_first("pre, table") is None:
            self._end_paragraph()
            self._into.add("list", "\n".join(items_of(node)))
        elif tag == "pre":
            self._end_paragraph()
            self._into.code(typed(node))
        elif tag == "table":
            return self._is_table(node)
        else:
            return self._is_words(node, tag)
        return True

    def _is_words(self, node: "LexborNode", tag: str) -> bool:
        if tag == "-text":
            self._inline.append(node.text(deep=False))
        elif tag == "br":
            self._inline.append("\v")
        elif tag == "img":
            self._inline.append(f" {node.attributes.get('alt') or ''} ")
        else:
            return False
        return True

    def _is_table(self, table: "LexborNode") -> bool:
        """Write a table of data; one that only lays the page out is looked into."""
        if not holds_data(table):
            return False
        self._end_paragraph()
        caption = table.css_first("caption")
        if caption is not None:
            self._into.add("prose", words_of(caption))
        self._into.table(rows_of(table, self._repeated), header=names_columns(table))
        return True

    def _end_paragraph(self) -> None:
        words = spoken("".join(self._inline))
        self._inline.clear()
        if self._quotes and words:
            self._into.add("quote", "\n".join(f"> {line}" for line in words.split("\n")))
        else:
            self._into.add("prose", words)
