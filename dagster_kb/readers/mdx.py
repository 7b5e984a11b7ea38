"""MDX: Markdown whose `import` and `export` lines and `{/* comments */}` are no content."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.front_matter import split_front_matter
from dagster_kb.readers.markdown import MarkdownBody, markdown_document
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.source_text import decode

# Prose may begin with the same words: "import type declarations with care".
_MODULE_LINE: Final = re.compile(
    r"import\s*(?:[\"']|[\w*{][^\"'`;]*?\bfrom\s*[\"'])"
    r"|export\s+(?:default\s+(?:function|class|async|new|[\w.$]+\s*(?:[;(=\r\n]|\Z)|[^\w\s])"
    r"|const|let|var|function|class|async|[{*])"
)
# Of JavaScript, what brackets are told by: within strings and comments they are words. An escape
# and a comment that never ends are pieces too, lest a search for the end begins at each mark again.
_PIECE: Final = re.compile(
    r"'(?:[^'\\\r\n]|\\.)*+'|\"(?:[^\"\\\r\n]|\\.)*+\"|`(?:[^`\\]|\\.)*+`|//[^\r\n]*|\\[^\r\n]"
    r"|/\*(?:[^*]|\*(?!/))*+(?:\*/|(?P<endless>\Z))|(?P<opening>[({\[])|(?P<closing>[)}\]])",
    re.DOTALL,
)
_NEVER_IN_PROGRAM: Final = frozenset({"heading", "list"})
# An `export` may have empty lines within its brackets; one that never closes ends nowhere else.
_LONGEST_EXPORT: Final = 200


def read_mdx(data: bytes) -> ParsedDocument:
    """Read an MDX document; JSX stays as HTML does."""
    text = decode(data)
    split = split_front_matter(text)
    body = MarkdownBody.of(text, split.body_start, mdx=True)
    return markdown_document(text, split, body, tuple(_content(text, body.blocks)))


def _content(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    number = 0
    while number < len(blocks):
        block = blocks[number]
        words = text[block.start : block.end]
        if block.kind == "prose" and _MODULE_LINE.match(words):
            number = _after_export(text, blocks, number)
        else:
            yield block
            number += 1


def _pieces(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Give the pieces up to a comment that never ends."""
    return takewhile(lambda one: one["endless"] is None, _PIECE.finditer(text, start, end))


def _after_export(text: str, blocks: Sequence[Block], number: int) -> int:
    """Go past blocks until as many brackets are closed as were opened."""
    ahead = blocks[number : number + _LONGEST_EXPORT]
    pieces = _pieces(text, ahead[0].start, ahead[-1].end)
    piece = next(pieces, None)
    depth = done = 0
    for count, block in enumerate(ahead, 1):
        if block.kind in _NEVER_IN_PROGRAM and done <= block.start:
            break
        while piece and piece.start() < block.end:
            depth += (piece["opening"] is not None) - (piece["closing"] is not None)
            done, piece = piece.end(), next(pieces, None)
        if depth <= 0 and done <= block.end:
            return number + count
    return number + 1
