"""From a page's tree to blocks, node by node, without recursion: pages may nest without end."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.extracted_text import ExtractedText

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_UNSEEN: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "nav", "head",
     "button", "select", "input", "textarea", "dialog", "audio", "video", "map", "-comment"}
)  # fmt: skip
_UNSEEN_ROLES: Final = frozenset({"navigation", "banner", "contentinfo", "search"})
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "aside", "form", "fieldset",
     "figure", "figcaption", "address", "details", "summary", "dl", "dt", "dd", "center", "body",
     "html", "hr", "blockquote", "ul", "ol", "li", "table", "pre", "caption", "hgroup", "td", "th",
     *_HEADINGS}
)  # fmt: skip
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_LISTS: Final = frozenset({"ul", "ol"})
_QUOTE: Final = "blockquote"
_DEEPEST_LIST: Final = 12
# A row's or a column's name may reach over so many; HTML itself allows 1,000.
_WIDEST: Final = 100
_LAYOUT: Final = "td h1, td h2, td h3, td p ~ p, td ul, td pre"
_ANCHOR: Final = re.compile(r"\s*¶$|\s+#$")


class HtmlBlocks:
    """Writes the nodes of a page as blocks."""

    def __init__(self, into: ExtractedText) -> None:
        self._into = into
        self._inline: list[str] = []
        self._quotes = 0

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
            if not is_seen(node):
                continue
            if self._is_leaf(node):
                continue
            # A name marks where this block ends, and with it a paragraph.
            if node.tag in _BLOCKS:
                self._end_paragraph()
                self._quotes += node.tag == _QUOTE
                stack.append(node.tag)
            if node.first_child is not None:
                stack.append(node.first_child)
        self._end_paragraph()

    def _is_leaf(self, node: "LexborNode") -> bool:
        """Write a node that is a block as a whole, or words."""
        tag = node.tag or ""
        if tag in _HEADINGS:
            self._end_paragraph()
            self._into.heading(_HEADINGS[tag], _ANCHOR.sub("", words_of(node)))
        elif tag in _LISTS and node.css_first("pre, table") is None:
            self._end_paragraph()
            self._into.add("list", "\n".join(_items(node)))
        elif tag == "pre":
            self._end_paragraph()
            self._into.code(_typed(node))
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
        # A selector may begin above the table, and so find the table itself.
        if any(one.mem_id != table.mem_id for one in table.css("table")) or table.css_first(
            _LAYOUT
        ):
            return False
        self._end_paragraph()
        caption = table.css_first("caption")
        if caption is not None:
            self._into.add("prose", words_of(caption))
        rows = [row for row in table.css("tr") if is_seen(row)]
        self._into.table(_squared(iter(rows)), header=bool(rows) and _names_columns(rows[0]))
        return True

    def _end_paragraph(self) -> None:
        words = _spoken("".join(self._inline))
        self._inline.clear()
        if self._quotes and words:
            self._into.add("quote", "\n".join(f"> {line}" for line in words.split("\n")))
        else:
            self._into.add("prose", words)


def is_seen(node: "LexborNode") -> bool:
    """Tell whether a person sees a node: what is hidden is not quoted either."""
    if (node.tag or "") in _UNSEEN:
        return False
    if (node.tag or "-").startswith("-"):
        return True
    said = node.attributes
    if "hidden" in said or said.get("aria-hidden") == "true":
        return False
    return said.get("role") not in _UNSEEN_ROLES and not _HIDDEN.search(said.get("style") or "")


def words_of(node: "LexborNode") -> str:
    """Return the words below a node, blocks parted by blanks."""
    return _spoken("".join(_words(node))).replace("\n", " ")


def _words(root: "LexborNode", *, without: frozenset[str] = frozenset()) -> Iterator[str]:
    stack = [root.first_child]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        stack.append(node.next)
        tag = node.tag or ""
        if tag == "-text":
            yield node.text(deep=False)
        elif tag == "img":
            yield f" {node.attributes.get('alt') or ''} "
        elif tag not in without and is_seen(node):
            if tag in _BLOCKS or tag in ("br", "td", "th"):
                yield " "
            stack.append(node.first_child)


def _items(parent: "LexborNode", depth: int = 0) -> Iterator[str]:
    """Say a list's items line by line, indented as deep as they lie."""
    flat = depth >= _DEEPEST_LIST
    item = parent.first_child
    while item is not None:
        if item.tag == "li" and is_seen(item):
            said = _words(item, without=frozenset() if flat else _LISTS)
            if words := _spoken("".join(said)).replace("\n", " "):
                yield "  " * depth + "- " + words
            for inner in () if flat else _outermost_lists(item):
                yield from _items(inner, depth + 1)
        elif item.tag in _LISTS and not flat:
            yield from _items(item, depth + 1)
        item = item.next


def _outermost_lists(item: "LexborNode") -> Iterator["LexborNode"]:
    stack = [item.first_child]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        stack.append(node.next)
        if node.tag in _LISTS:
            yield node
        elif is_seen(node):
            stack.append(node.first_child)


def _squared(rows: Iterator["LexborNode"]) -> Iterator[list[str]]:
    """Say a cell in every row that it reaches over, so that each value stands below its name."""
    below: dict[int, tuple[int, str]] = {}
    for row in rows:
        said: list[str] = []
        for node in [*_cells(row), None]:
            while (held := below.pop(len(said), None)) is not None:
                if held[0] > 1:
                    below[len(said)] = (held[0] - 1, held[1])
                said.append(held[1])
            if node is not None:
                words, down = words_of(node), _span(node, "rowspan")
                for further in range(_span(node, "colspan")):
                    # A name over two columns is the name of both; a remark is said once.
                    part = words if node.tag == "th" or not further else ""
                    if down > 1:
                        below[len(said)] = (down - 1, part)
                    said.append(part)
        yield said


def _names_columns(row: "LexborNode") -> bool:
    """Tell whether a first row is one of names: by its tags, or since all of it is bold."""
    if row.parent is not None and row.parent.tag == "thead":
        return True
    filled = [one for one in _cells(row) if words_of(one)]
    return bool(filled) and all(one.tag == "th" or _is_bold(one) for one in filled)


def _is_bold(cell: "LexborNode") -> bool:
    bold = cell.css_first("b, strong")
    return bold is not None and words_of(bold) == words_of(cell)


def _span(node: "LexborNode", name: str) -> int:
    said = (node.attributes.get(name) or "").strip()
    return max(1, min(int(said), _WIDEST)) if said.isascii() and said.isdigit() else 1


def _typed(pre: "LexborNode") -> str:
    """Take code as it was typed; lines may be parted by tags alone."""
    return "".join(_code(pre))


def _code(pre: "LexborNode") -> Iterator[str]:
    stack = [(pre.first_child, "")]
    last = "\n"
    while stack:
        node, after = stack.pop()
        if node is None:
            if after and not last.endswith("\n"):
                yield (last := after)
            continue
        stack.append((node.next, after))
        if node.tag == "-text":
            words = node.text(deep=False)
            last = words or last
            yield words
        elif node.tag == "br":
            yield (last := "\n")
        else:
            ends = "\n" if node.tag in _BLOCKS else ""
            if ends and not last.endswith("\n"):
                yield (last := "\n")
            stack.append((node.first_child, ends))


def _cells(row: "LexborNode") -> Iterator["LexborNode"]:
    child = row.first_child
    while child is not None:
        if child.tag in ("td", "th"):
            yield child
        child = child.next


def _spoken(words: str) -> str:
    return "\n".join(line.strip() for line in _BLANKS.sub(" ", words).split("\v") if line.strip())
