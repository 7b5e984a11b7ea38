"""What authors comment out is not meant for readers: blocks without it, in every format."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.splitting import Span, trimmed

# What goes on behind a comment is no title, and has no header of its own.
_BEHIND: Final = {"heading": "prose", "table": "prose"}


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
    while at < block.end:
        inside = number < len(spans) and spans[number][0] < block.end
        begin, end = spans[number] if inside else (block.end, block.end)
        piece = trimmed(text, (at, max(at, begin)))
        # Of `- <!-- x -->` only a mark is left.
        if piece and any(one.isalnum() for one in text[piece[0] : piece[1]]):
            yield replace(block, start=piece[0], end=piece[1], kind=kind)
            kind = _BEHIND.get(kind, kind)
        at = max(at, end)
        number += 1
