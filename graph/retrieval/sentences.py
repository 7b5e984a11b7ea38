"""Sentences of Markdown with their exact place, so that each can be quoted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["sentence", "item", "row", "code", "heading"]

_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]|$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_RULE_ROW = re.compile(r"[ \t|:+-]+$")
_SETEXT_OR_RULE = re.compile(r"[ \t]{0,3}(?:=+|-{2,}|\*{3,}|_{3,})[ \t]*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# A sentence ends at . ! ? or … (and closing marks) before a blank and a beginning.
_ENDING = re.compile(
    r"""[.!?\u2026]+["'\u201d\u2019)\]*_`]*(?=\s+["'\u201c\u2018(\[*_`]*[A-Z0-9\u00c0-\u00de\u0410-\u042f]|\s*$)"""
    r"|[\u3002\uff01\uff1f]"  # and where sentences are not parted by blanks
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|ca|approx|no|nos|fig|eq|sec|art|dr|mr|mrs|ms|prof|st|inc|ltd|jr|sr"
    r"|vol|pp|p|ed|al)|\b[A-Z]|^\s*\d{1,3})\.$",
    re.IGNORECASE,
)
LONGEST_BLOCK: Final = 1200


@dataclass(frozen=True)
class Unit:
    """The smallest piece that reads well alone: a sentence, a list item, a row, a block of code."""

    start: int
    end: int
    kind: Kind
    header: tuple[str, ...] = ()
    """Column names, for a row of a table."""

    def of(self, text: str) -> str:
        """Return the unit's own characters."""
        return text[self.start : self.end]


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str


def units(text: str) -> list[Unit]:
    """Cut Markdown into units; `text[unit.start:unit.end]` is what can be quoted."""
    # Nobody sees a comment, so nobody is quoted with one: it parts what it stands in.
    seen = _COMMENT.sub(lambda comment: "\n" * len(comment[0]), text)
    found = [_trimmed(text, one) for block in _blocks(seen) for one in _units_of(seen, block)]
    return [one for one in found if one.end > one.start]


def _lines(text: str) -> Iterator[_Line]:
    place = 0
    for line in text.splitlines(keepends=True):
        yield _Line(place, place + len(line), line.rstrip("\r\n"))
        place += len(line)


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if _HEADING.match(line):
        return "heading"
    if _ROW.match(line):
        return "row"
    if _ITEM.match(line) and not _SETEXT_OR_RULE.match(line):
        return "item"
    return "rule" if _SETEXT_OR_RULE.match(line) else "text"


def _blocks(text: str) -> Iterator[tuple[str, list[_Line]]]:
    """Group lines into blocks of one kind; a list item keeps its continuation lines."""
    block: list[_Line] = []
    kind = "blank"
    fence = ""
    for line in _lines(text):
        mark = _FENCE.match(line.text)
        if fence:
            block.append(line)
            if mark and mark[1].startswith(fence):
                yield "code", block
                block, kind, fence = [], "blank", ""
            continue
        now = "code" if mark else _kind(line.text)
        if not _continues(kind, now):
            if block:
                yield kind, block
            block, kind = [], now
        fence = mark[1] if mark else ""
        block.append(line)
    if block:
        yield kind, block


def _continues(kind: str, now: str) -> bool:
    return (kind, now) in {("text", "text"), ("item", "text"), ("row", "row")}


def _units_of(text: str, block: tuple[str, list[_Line]]) -> Iterator[Unit]:
    kind, lines = block
    start, end = lines[0].start, lines[-1].end
    if kind == "code":
        yield from _code(lines)
    elif kind == "heading":
        yield Unit(start, end, "heading")
    elif kind == "row":
        yield from _rows(lines)
    elif kind == "item":
        yield from _sentences(text, start, end, "item")
    elif kind == "text":
        yield from _sentences(text, start, end, "sentence")


def _code(lines: list[_Line]) -> Iterator[Unit]:
    if lines[-1].end - lines[0].start <= LONGEST_BLOCK:
        yield Unit(lines[0].start, lines[-1].end, "code")
        return
    for line in lines[1:-1]:
        yield Unit(line.start, line.end, "code")


def _rows(lines: list[_Line]) -> Iterator[Unit]:
    ruled = len(lines) > 1 and bool(_RULE_ROW.match(lines[1].text))
    header = cells(lines[0].text) if ruled else ()
    for line in lines[2:] if ruled else lines:
        if not _RULE_ROW.match(line.text):
            yield Unit(line.start, line.end, "row", header)


def cells(row: str) -> tuple[str, ...]:
    """Return the cells of a row of a Markdown table."""
    inner = re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))
    return tuple(cell.strip() for cell in inner)


def _sentences(text: str, start: int, end: int, kind: Kind) -> Iterator[Unit]:
    begin = start
    for ending in _ENDING.finditer(text, start, end):
        if _ABBREVIATION.search(text[begin : ending.end()]):
            continue
        yield Unit(begin, ending.end(), kind)
        begin = ending.end()
    yield Unit(begin, end, kind)


def _trimmed(text: str, unit: Unit) -> Unit:
    own = unit.of(text)
    start = unit.start + len(own) - len(own.lstrip())
    return Unit(start, max(start, unit.start + len(own.rstrip())), unit.kind, unit.header)
