"""Markdown as plain sentences: safe to show, and free of marks that belong to its source."""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from graph.citations.inert import around_code, inert, is_block, outside_blocks
from graph.retrieval.sentences import Unit, cells

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _rules(*written: tuple[str, int, str]) -> _Rules:
    return tuple((re.compile(pattern, flags), by) for pattern, flags, by in written)


_LINE_MARKS: Final = _rules(
    (r"<!--.*?-->", re.DOTALL, " "),
    (r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE, ""),
    (r"^[ \t]*#{1,6}[ \t]+", re.MULTILINE, ""),
    # What a footnote's number leads to is not there.
    (r"^[ \t]*\[\^[^\]\s]{1,60}\]:[ \t]*", re.MULTILINE, ""),
    (r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?", 0, ""),
    (r"\s+", 0, " "),
)
_WORDS: Final = r"(?:[^\[\]]|\[[^\[\]]*\])"
_MARKUP: Final = _rules(
    # An image would be fetched by whoever shows the answer: only its description stays.
    (rf"!?(?<!\\)\[({_WORDS}*)(?<!\\)\]\([^)]*\)", 0, r"\1"),
    (rf"!?(?<!\\)\[({_WORDS}+)(?<!\\)\]\[[^\]]*\]", 0, r"\1"),
    (r"(?<!\\)<(https?://[^<>\s]{1,300}|[^<>\s@]{1,64}@[^<>\s]{1,255})>", 0, r"\1"),
    (r"(?<!\\)</?[a-zA-Z][^<>]{0,300}>", 0, ""),
    (r"(?<!\\)(\*\*|__)(?=\S)(.+?)(?<=\S)\1", 0, r"\2"),
    (r"(?<![\w*\\])\*(?=\S)([^*\n]+?)(?<=[^\s\\])\*(?![\w*])", 0, r"\1"),
)
_IMAGE: Final = re.compile(rf"!\[({_WORDS}*)\]\([^)]*\)")
# What is nested deeper is shown with its marks.
_DEEPEST: Final = 8
_ESCAPED: Final = re.compile(
    r"\\([!-/:-@\[-`{-~])|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)


def plain(text: str) -> str:
    """Return the sentence that a person reads in a piece of Markdown, with nothing alive in it."""
    text = _replaced(visible(text), _LINE_MARKS).strip()
    return around_code(text, _prose).strip()


def _prose(text: str) -> str:
    for _ in range(_DEEPEST):
        before, text = text, _replaced(text, _MARKUP)
        if text == before:
            break
    # Whatever was written in another way comes out here, so what is alive is looked for after it.
    written = _ESCAPED.sub(lambda one: one[1] or _unescaped(one[0]), text)
    return inert(" ".join(written.split()))


def _unescaped(entity: str) -> str:
    return visible(html.unescape(entity))


def _replaced(text: str, rules: _Rules) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


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
        shown = visible(own).strip()
        # A line of a long block has no fence around it, and some fences are none.
        return (
            shown
            if is_block(shown)
            else "\n".join(around_code(line, inert) for line in shown.split("\n"))
        )
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
    return outside_blocks(visible(text), _lifeless).strip()


def _lifeless(line: str) -> str:
    for _ in range(_DEEPEST):
        before, line = line, _IMAGE.sub(r"\1", line)
        if line == before:
            break
    return inert(line)
