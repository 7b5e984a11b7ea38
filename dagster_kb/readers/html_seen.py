"""What nobody sees of a page is taken out of its tree before anything is read from it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "nav", "head",
     "button", "select", "input", "textarea", "dialog", "audio", "video", "map", "mphantom",
     "annotation", "annotation-xml"}
)  # fmt: skip
_UNSEEN_ROLES: Final = frozenset({"navigation", "banner", "contentinfo", "search"})
# Programs hide a whole page until they have set it up.
_WHOLE: Final = frozenset({"html", "body"})
_CELLS: Final = frozenset({"td", "th"})
_GONE: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"visibility\s*:\s*hidden", re.IGNORECASE)


def remove_unseen(tree: "LexborHTMLParser") -> None:
    """Take out what is hidden; a cell that only hides its words keeps its place in the row."""
    # One within another is gone with it: the library must not be asked for it again.
    for node in list(_outermost_unseen(tree)):
        if node.tag in _CELLS and not _is_gone(node):
            _empty(node)
        else:
            node.decompose()


def _outermost_unseen(tree: "LexborHTMLParser") -> Iterator["LexborNode"]:
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        stack.append(node.next)
        tag = node.tag or "-"
        if tag.startswith("-"):
            continue
        if tag in _WHOLE or _is_seen(node, tag):
            stack.append(node.first_child)
        else:
            yield node


def _is_seen(node: "LexborNode", tag: str) -> bool:
    if tag in _UNSEEN:
        return False
    said = node.attributes
    # A page shows one panel at a time, and each of them at a click.
    if not said or said.get("role") == "tabpanel":
        return True
    return not (
        _is_gone(node)
        or said.get("aria-hidden") == "true"
        or said.get("role") in _UNSEEN_ROLES
        or _HIDDEN.search(said.get("style") or "")
    )


def _is_gone(node: "LexborNode") -> bool:
    """Tell what takes no place either; what a browser shows to who searches for its words is no secret."""
    said = node.attributes
    hidden = "hidden" in said and (said["hidden"] or "").lower() != "until-found"
    return hidden or _GONE.search(said.get("style") or "") is not None


def _empty(cell: "LexborNode") -> None:
    while (child := cell.first_child) is not None:
        child.decompose()
