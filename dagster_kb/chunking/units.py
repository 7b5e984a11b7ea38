"""The smallest pieces that the windows of the other strategies are made of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import Block, is_apart
from dagster_kb.chunking.splitting import Span, Splitter, cut, trimmed
from dagster_kb.chunking.tokens import TokenCounter

_SENTENCES: Final = re.compile(r"(?<=[.!?…])[\"'”’)\]*_]*\s+|(?<=[。！？])|\n[ \t]*\n\s*")  # noqa: RUF001
_LINES: Final = re.compile(r"\r\n?|\n")
_WRAPPED: Final = frozenset({"prose", "quote"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a line of code, a row of a table, or a part of one that is too long."""

    start: int
    end: int
    weight: int
    heading_path: tuple[str, ...]
    page: int | None
    is_heading: bool = False


def units_of(
    text: str, blocks: Sequence[Block], limit: int, count: TokenCounter
) -> Iterator[list[Unit]]:
    """Give the units in runs: one ends with its page, and where words are left out."""
    splitter = Splitter(count)
    run: list[Unit] = []
    for block in blocks:
        if run and (run[-1].page != block.page or is_apart(text, run[-1].end, block.start)):
            yield run
            run = []
        for start, end in _pieces(text, block, splitter, limit):
            weight = splitter.weigh(text, (start, end))
            heading = block.kind == "heading"
            run.append(Unit(start, end, weight, block.heading_path, block.page, heading))
    if run:
        yield run


def _pieces(text: str, block: Block, splitter: Splitter, limit: int) -> Iterator[Span]:
    places = _SENTENCES if block.kind in _WRAPPED else block.rows or _LINES
    for span in cut(text, (block.start, block.end), places):
        piece = trimmed(text, span)
        if piece and splitter.weigh(text, piece) > limit:
            yield from splitter.split(block, text, piece, limit)
        elif piece:
            yield piece
