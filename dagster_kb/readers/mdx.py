"""MDX: Markdown whose `import` and `export` lines and `{/* comments */}` are no content."""

import re
from collections.abc import Iterator, Sequence
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
_OPENING: Final = re.compile(r"[({\[]")
_CLOSING: Final = re.compile(r"[)}\]]")
# An `export` may have empty lines within its brackets; one that never closes ends nowhere else.
_LONGEST_EXPORT: Final = 200


def read_mdx(data: bytes) -> ParsedDocument:
    """Read an MDX document; JSX stays as HTML does."""
    text = decode(data)
    split = split_front_matter(text)
    body = MarkdownBody.of(text, split.body_start, mdx=True)
    return markdown_document(text, split.front_matter, body, tuple(_content(text, body.blocks)))


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


def _after_export(text: str, blocks: Sequence[Block], number: int) -> int:
    """Go past blocks until as many brackets are closed as were opened."""
    depth = 0
    for ahead in range(number, min(len(blocks), number + _LONGEST_EXPORT)):
        words = text[blocks[ahead].start : blocks[ahead].end]
        depth += len(_OPENING.findall(words)) - len(_CLOSING.findall(words))
        if depth <= 0:
            return ahead + 1
    return number + 1
