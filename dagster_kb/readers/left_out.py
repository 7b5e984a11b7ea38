"""What authors comment out is not meant for readers: blocks without it, in every format."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.splitting import Span, trimmed
from dagster_kb.chunking.table_headers import names_at

# What goes on behind a comment is no title, and no table where nothing names its columns.
_BEHIND: Final = {"heading": "prose", "table": "prose"}


def never_closed(line: int) -> str:
    """Say that a comment took more with it than its author meant."""
    return (
        f"line {line}: a comment is opened here and never closed, and what follows is left out "
        "→ close it with '-->'"
    )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort spans; those that overlap become one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def without(text: str, blocks: Sequence[Block], spans: Sequence[Span]) -> tuple[Block, ...]:
    """Leave spans out of blocks; a block is parted where words of it are left out."""
    return tuple(_cut(text, blocks, spans))


def _cut(text: str, blocks: Sequence[Block], spans: Sequence[Span]) -> Iterator[Block]:
    first = 0
    for block in blocks:
        while first < len(spans) and spans[first][1] <= block.start:
            first += 1
        if first == len(spans) or spans[first][0] >= block.end:
            yield block
            continue
        yield from _pieces(text, block, spans, first)


def _pieces(text: str, block: Block, spans: Sequence[Span], number: int) -> Iterator[Block]:
    at, kind = block.start, block.kind
    names = _names(text, block, spans, number) if kind == "table" else ""
    goes_on = block.goes_on
    while at < block.end:
        inside = number < len(spans) and spans[number][0] < block.end
        begin, end = spans[number] if inside else (block.end, block.end)
        piece = _within_line(text, block, trimmed(text, (at, max(at, begin))))
        # Of `- <!-- x -->` only a mark is left.
        if piece and any(one.isalnum() for one in text[piece[0] : piece[1]]):
            start, stop = piece
            yield replace(block, start=start, end=stop, kind=kind, columns=names, goes_on=goes_on)
            kind = kind if names else _BEHIND.get(kind, kind)
            goes_on = bool(names)
        at = max(at, end)
        number += 1


def _within_line(text: str, block: Block, piece: Span | None) -> Span | None:
    """Blanks in the midst of a line are no indentation."""
    if not piece or piece[0] == block.start or text[piece[0] - 1] in "\r\n":
        return piece
    words = text[piece[0] : piece[1]]
    return piece[1] - len(words.lstrip()), piece[1]


def _names(text: str, block: Block, spans: Sequence[Span], number: int) -> str:
    """Say what a table's columns are called, without what is left out of it."""
    if block.columns:
        return block.columns
    at, end = names_at(text, block) or (block.end, block.end)
    said: list[str] = []
    while number < len(spans) and spans[number][0] < end:
        said.append(text[at : max(at, spans[number][0])])
        at, number = max(at, spans[number][1]), number + 1
    return " ".join("".join([*said, text[at:end]]).split())
