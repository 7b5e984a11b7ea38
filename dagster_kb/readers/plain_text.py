"""Plain text: paragraphs between empty lines, no headings."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.front_matter import split_front_matter
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.source_text import Lines, decode

_BLANK: Final = re.compile(r"\s*")


def read_plain_text(data: bytes) -> ParsedDocument:
    """Read a plain text; nothing in it is markup, so its title is its file's name."""
    text = decode(data)
    split = split_front_matter(text, may_be_rule=True)
    front = split.front_matter
    return ParsedDocument(
        front.title or "", front, tuple(_paragraphs(text, split.body_start)), text
    )


def _paragraphs(text: str, first: int) -> Iterator[Block]:
    starts = Lines.of(text, first).starts
    begin: int | None = None
    for line, end in pairwise(starts):
        if _BLANK.fullmatch(text, line, end):
            if begin is not None:
                yield _paragraph(text, begin, line)
            begin = None
        elif begin is None:
            begin = line
    if begin is not None:
        yield _paragraph(text, begin, len(text))


def _paragraph(text: str, start: int, end: int) -> Block:
    return Block("prose", start, start + len(text[start:end].rstrip()), ())
