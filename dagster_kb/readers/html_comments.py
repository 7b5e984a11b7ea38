"""A comment that is never closed: it takes the rest of a page with it, as a browser leaves that out."""

import re
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.left_out import never_closed
from dagster_kb.readers.source_text import line_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_OPENING: Final = "<!--"
_LINE_END: Final = re.compile(r"\r\n?")


def open_comments(page: str, tree: "LexborHTMLParser") -> list[str]:
    """Note the comment that a page ends within: the tree's last node, with the page's last words."""
    words = _last_comment(tree)
    # The parser has one kind of line end, and counts dashes at the end of the page as half a closing mark.
    source = _LINE_END.sub("\n", page).rstrip().rstrip("-").rstrip() if words else ""
    above = source.removesuffix(words).rstrip()
    if not words or len(above) == len(source) or not above.endswith(_OPENING):
        return []
    return [never_closed(line_of(above, len(above) - len(_OPENING)))]


def _last_comment(tree: "LexborHTMLParser") -> str:
    node: LexborNode | None = tree.root.parent if tree.root else None
    while node is not None:
        if node.tag == "-comment":
            return (node.comment_content or "").rstrip("-").rstrip()
        node = node.last_child
    return ""
