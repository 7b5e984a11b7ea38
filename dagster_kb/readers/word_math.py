"""Equations of a DOCX on one line, so that a half is not read as twelve: `(1)/(2)`, `x^(2)`."""

from typing import Any, Final

from dagster_kb.readers.word_hidden import OFF

_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MATH_TEXT: Final = f"{_M}t"
MATH_RUN: Final = f"{_M}r"
_BRACKETS: Final = {
    f"{_M}num": ("(", ")"),
    f"{_M}den": ("/(", ")"),
    f"{_M}sup": ("^(", ")"),
    f"{_M}sub": ("_(", ")"),
}
_ROWS: Final = "; "
# What parts an argument from the one before it, by what they are arguments of.
_PARTED: Final = {f"{_M}mr": " ", f"{_M}eqArr": _ROWS}


def brackets_of(node: Any) -> tuple[str, str]:
    """Say what stands before and behind a part of an equation."""
    if not str(node.tag).startswith(_M):
        return "", ""
    above = node.getparent()
    name, within = node.tag.removeprefix(_M), above.tag.removeprefix(_M)
    if name == "d":
        return _sign(node, "begChr", "("), _sign(node, "endChr", ")")
    if name == "nary":
        return _sign(node, "chr", "∫"), ""
    if name == "sPre":
        # What stands before a sign belongs to it, and not to what is before both.
        return " ", ""
    if name == "mr":
        return _ROWS if _is_further(node) else "", ""
    if name == "e":
        return _of_argument(node, above, within)
    return _of_part(node, above, within) if node.find(f".//{MATH_TEXT}") is not None else ("", "")


def _of_argument(node: Any, above: Any, within: str) -> tuple[str, str]:
    if within == "rad":
        return "(", ")"
    if within == "func":
        return " ", ""
    if not _is_further(node):
        return "", ""
    return _sign(above, "sepChr", "|") if within == "d" else _PARTED.get(above.tag, ""), ""


def _of_part(node: Any, above: Any, within: str) -> tuple[str, str]:
    name = node.tag.removeprefix(_M)
    if name == "rad":
        return "√", ""
    if name == "deg":
        return ("", "") if _is_hidden_degree(above) else ("[", "]")
    if name == "lim":
        return "^(" if within == "limUpp" else "_(", ")"
    if name == "den" and _sign(above, "type", "") == "noBar":
        return " choose (", ")"
    return _BRACKETS.get(node.tag, ("", ""))


def _is_hidden_degree(root: Any) -> bool:
    said = root.find(f"{_M}radPr/{_M}degHide")
    return said is not None and said.get(f"{_M}val") not in OFF


def _is_further(node: Any) -> bool:
    return next(node.itersiblings(node.tag, preceding=True), None) is not None


def _sign(node: Any, name: str, usual: str) -> str:
    said = node.find(f"{node.tag}Pr/{_M}{name}")
    return usual if said is None else said.get(f"{_M}val") or ""
