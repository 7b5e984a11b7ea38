"""Markdown as plain sentences: safe to show, and free of marks that belong to its source."""

import html
import re
import unicodedata
from collections.abc import Sequence

from graph.retrieval.sentences import Unit, cells

_REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, flags, replacement in (
        (r"<!--.*?-->", re.DOTALL, " "),
        # An image would be fetched by whoever shows the answer: only its description stays.
        (r"!\[([^\]]*)\]\([^)]*\)", 0, r"\1"),
        (r"\[([^\]]+)\]\([^)]*\)", 0, r"\1"),
        (r"!?\[([^\]]+)\]\[[^\]]*\]", 0, r"\1"),
        # In code, `<name>` is a placeholder and stays.
        (r"(`[^`\n]+`)|</?[a-zA-Z][^<>]{0,300}>", 0, r"\1"),
        (r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE, ""),
        (r"^[ \t]*#{1,6}[ \t]+", re.MULTILINE, ""),
        (r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?", 0, ""),
        (r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", 0, r"\2"),
        (r"(?<![\w*\\])\*(?=\S)([^*\n]+?)(?<=[^\s\\])\*(?![\w*])", 0, r"\1"),
        # Numbers in brackets are ours: they lead to citations.
        (r"\[(\d{1,3})\]", 0, r"(\1)"),
        (r"\\([!-/:-@\[-`{-~])", 0, r"\1"),
        (r"\s+", 0, " "),
    )
)


def plain(text: str) -> str:
    """Return the sentence that a person reads in a piece of Markdown."""
    text = visible(text)
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return html.unescape(text).strip()


def visible(text: str) -> str:
    """Drop control and format characters (escape codes, bidi marks, zero width) but line ends."""
    return "".join(
        char
        for char in text
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )


def readable(text: str, unit: Unit) -> str:
    """Return what a unit says, as a sentence of an answer."""
    own = unit.of(text)
    if unit.kind == "code":
        return visible(own).strip()
    if unit.kind == "row":
        return _row(cells(own), unit.header)
    return plain(own)


def _row(values: Sequence[str], header: Sequence[str]) -> str:
    if len(header) != len(values):
        return " — ".join(plain(value) for value in values if value)
    named = [(plain(name), plain(value)) for name, value in zip(header, values, strict=True)]
    return "; ".join(f"{name}: {value}" if name else value for name, value in named if value)


def harmless(text: str) -> str:
    """Return rows and notes as they are, but with nothing hidden and nothing that loads itself."""
    return re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", visible(text)).strip()
