"""Powers and formulas of a page: what stands above, below or over something is marked in its tree."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from dagster_kb.readers.raised_words import END, LOWERED, RAISED

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_SCRIPTS: Final = {"sup": RAISED, "sub": LOWERED}
# Where a link leads that is the mark of a note.
_NOTE: Final = re.compile(
    r"#[\W_]*(?:user-content-)?[\W_]*(?:cite|fn|ft|edn|end|foot|note|ref|sdfoot|sdend|n?\d+\Z)",
    re.IGNORECASE,
)
_LONGEST_MARK: Final = 20
# What is said before and behind each part of a formula.
_AROUND: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "mfrac": (("(", ")"), ("/(", ")")),
    "msup": (("", ""), ("^(", ")")),
    "mover": (("", ""), ("^(", ")")),
    "msub": (("", ""), ("_(", ")")),
    "munder": (("", ""), ("_(", ")")),
    "msubsup": (("", ""), ("_(", ")"), ("^(", ")")),
    "munderover": (("", ""), ("_(", ")"), ("^(", ")")),
    "mroot": (("(", ")"), ("^(1/(", "))")),
}
_CHOSEN: Final = (("(", ")"), (" choose (", ")"))
_BETWEEN: Final = {"mtable": "; ", "mtr": " ", "mlabeledtr": " ", "mmultiscripts": " "}
_FORMULAS: Final = ", ".join((*_AROUND, *_BETWEEN, "msqrt", "mfenced"))
_NO_LINE: Final = re.compile(r"\s*0+(?:\.0*)?\s*(?:[a-z]{2}|%)?\s*")


def mark_formulas(tree: "LexborHTMLParser") -> None:
    """Write the marks between the words; a mark that only leads to a note is taken out."""
    # Inner ones first: what went with another must not be asked for again.
    for node in [one for one in reversed(tree.css("sup")) if _is_note(one)]:
        node.decompose()
    for node in tree.css("sup, sub"):
        _put_around(node, _SCRIPTS[node.tag or ""], END)
    for node in tree.css(_FORMULAS):
        _mark(node, list(_parts(node)))


def _mark(node: "LexborNode", parts: "list[LexborNode]") -> None:
    tag = node.tag or ""
    if tag == "msqrt":
        _put_around(node, "√(", ")")
    elif tag == "mfenced":
        said = node.attributes
        _put_between(parts, said.get("separators") or ",")
        _put_around(node, said.get("open") or "(", said.get("close") or ")")
    elif tag in _BETWEEN:
        _put_between(parts, _BETWEEN[tag])
    else:
        has_no_line = _NO_LINE.fullmatch(node.attributes.get("linethickness") or "1")
        signs = _CHOSEN if tag == "mfrac" and has_no_line else _AROUND[tag]
        if len(parts) == len(signs):
            for part, (before, behind) in zip(parts, signs, strict=True):
                part.insert_before(before)
                part.insert_after(behind)


def _put_around(node: "LexborNode", before: str, behind: str) -> None:
    if node.first_child is not None:
        node.first_child.insert_before(before)
        node.insert_child(behind)


def _put_between(parts: "list[LexborNode]", sign: str) -> None:
    for part in parts[1:]:
        part.insert_before(sign)


def _parts(node: "LexborNode") -> "Iterator[LexborNode]":
    child = node.first_child
    while child is not None:
        if not (child.tag or "-").startswith("-"):
            yield child
        child = child.next


def _is_note(sup: "LexborNode") -> bool:
    """Tell the mark of a note by its link, within it or around it; a power may lead somewhere too."""
    links = sup.css("a[href]")
    above = sup.parent
    if not links and above is not None and above.tag == "a":
        links = [above]
    words = sup.text(deep=True).strip()
    return (
        0 < len(words) <= _LONGEST_MARK
        and bool(links)
        and all(_NOTE.search(one.attributes.get("href") or "") for one in links)
    )
