"""Equations of a DOCX on one line, so that a half is not read as twelve: `(1)/(2)`, `x^(2)`."""

from typing import Any, Final

_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MATH_TEXT: Final = f"{_M}t"
_BRACKETS: Final = {
    f"{_M}num": ("(", ")"),
    f"{_M}den": ("/(", ")"),
    f"{_M}sup": ("^(", ")"),
    f"{_M}sub": ("_(", ")"),
    f"{_M}rad": ("√(", ")"),
}


def brackets_of(node: Any) -> tuple[str, str]:
    """Say what stands before and behind a part of an equation."""
    if node.tag == f"{_M}d":
        return _sign(node, "d", "begChr", "("), _sign(node, "d", "endChr", ")")
    if node.tag == f"{_M}nary":
        return _sign(node, "nary", "chr", "∫"), ""
    if node.tag not in _BRACKETS or node.find(f".//{MATH_TEXT}") is None:
        return "", ""
    return _BRACKETS[node.tag]


def _sign(node: Any, kind: str, name: str, usual: str) -> str:
    said = node.find(f"{_M}{kind}Pr/{_M}{name}")
    return usual if said is None else said.get(f"{_M}val") or ""
