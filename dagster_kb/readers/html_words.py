"""The words of a page's nodes: of paragraphs, of lists line by line, of code as it was typed."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.raised_words import on_one_line

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "aside", "form", "fieldset",
     "figure", "figcaption", "address", "details", "summary", "dl", "dt", "dd", "center", "body",
     "html", "hr", "blockquote", "ul", "ol", "li", "table", "pre", "caption", "hgroup", "td", "th",
     *HEADINGS}
)  # fmt: skip
LISTS: Final = frozenset({"ul", "ol"})
_ITEM: Final = "li"
_LINES: Final = frozenset({_ITEM, "p"})
_PARTS_OF_LISTS: Final = LISTS | {_ITEM}
_TEXT: Final = "-text"
_DEEPEST_LIST: Final = 12
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")


def words_of(node: "LexborNode") -> str:
    """Return the words below a node, blocks parted by blanks."""
    return lines_of(node).replace("\n", " ")


def lines_of(node: "LexborNode") -> str:
    """Return the same, each item of a list and each paragraph on a line of its own."""
    walked = _walked(node)
    return spoken(
        "".join("\v" if one and tag in _LINES else _said(tag, one) for tag, one in walked)
    )


def spoken(words: str) -> str:
    """Say words with single blanks, and on several lines where they are parted."""
    blanks = on_one_line(_BLANKS.sub(" ", words))
    return "\n".join(line.strip() for line in blanks.split("\v") if line.strip())


def items_of(parent: "LexborNode", depth: int = 0) -> Iterator[str]:
    """Say a list's items line by line, indented as deep as they lie; words beside them are items too."""
    beside: list[str] = []
    for tag, node in _walked(parent, whole=_PARTS_OF_LISTS):
        if node is None or tag not in _PARTS_OF_LISTS:
            beside.append("\v" if tag in BLOCKS else _said(tag, node))
            continue
        yield from _lines(beside, depth)
        beside.clear()
        if tag == _ITEM:
            yield from _item(node, depth)
        elif depth < _DEEPEST_LIST:
            yield from items_of(node, depth + 1)
        else:
            yield from _lines([words_of(node)], depth)
    yield from _lines(beside, depth)


def _item(item: "LexborNode", depth: int) -> Iterator[str]:
    said: list[str] = []
    inner: list[LexborNode] = []
    for tag, node in _walked(item, whole=LISTS if depth < _DEEPEST_LIST else frozenset()):
        said.append(_said(tag, node))
        if node is not None and tag in LISTS and depth < _DEEPEST_LIST:
            inner.append(node)
    yield from _lines(said, depth)
    for node in inner:
        yield from items_of(node, depth + 1)


def _lines(said: list[str], depth: int) -> Iterator[str]:
    for line in spoken("".join(said)).splitlines():
        yield "  " * depth + "- " + line


def typed(pre: "LexborNode") -> str:
    """Take code as it was typed; lines may be parted by tags alone."""
    return on_one_line("".join(_code(pre)))


def _code(pre: "LexborNode") -> Iterator[str]:
    last = "\n"
    for tag, node in _walked(pre):
        if tag == "br" or (tag in BLOCKS and not last.endswith("\n")):
            yield (last := "\n")
        elif tag == _TEXT and node is not None and (words := node.text(deep=False)):
            yield (last := words)


def _walked(
    root: "LexborNode", *, whole: frozenset[str] = frozenset()
) -> Iterator[tuple[str, "LexborNode | None"]]:
    """Give each node below one with its tag, and the tag alone where it ends; into `whole` ones is not looked."""
    stack: list[LexborNode | str | None] = [root.first_child]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        if isinstance(node, str):
            yield node, None
            continue
        tag = node.tag or ""
        yield tag, node
        stack.append(node.next)
        if tag != _TEXT and tag not in whole and (child := node.first_child) is not None:
            stack += (tag, child)


def _said(tag: str, node: "LexborNode | None") -> str:
    if tag in BLOCKS or tag == "br":
        return " "
    if node is None:
        return ""
    if tag == "img":
        return f" {node.attributes.get('alt') or ''} "
    return node.text(deep=False) if tag == _TEXT else ""
