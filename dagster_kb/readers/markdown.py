"""Markdown: top-level blocks with exact offsets into the source as git has it."""

from collections.abc import Iterator
from typing import Final

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.readers.front_matter import split_front_matter
from dagster_kb.readers.markdown_blocks import block_tokens, plain_heading
from dagster_kb.readers.parsed_document import HeadingPath, ParsedDocument, first_heading
from dagster_kb.readers.source_text import Lines, decode

_KINDS: Final[dict[str, BlockKind]] = {
    "heading_open": "heading",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "blockquote_open": "quote",
    "fence": "code",
    "code_block": "code",
    "table": "table",
    "html_block": "html",
}


def read_markdown(data: bytes) -> ParsedDocument:
    """Read a Markdown document."""
    text = decode(data)
    split = split_front_matter(text)
    blocks = markdown_blocks(text, split.body_start)
    title = split.front_matter.title or first_heading(blocks)
    return ParsedDocument(title, split.front_matter, blocks, text)


def markdown_blocks(text: str, start: int = 0) -> tuple[Block, ...]:
    """Find the blocks of a body."""
    return tuple(_with_gaps(text, start, _blocks(text, start)))


def _blocks(text: str, start: int) -> Iterator[Block]:
    lines = Lines.of(text, start)
    path = HeadingPath()
    tokens = block_tokens(text[start:])
    for number, token in enumerate(tokens):
        if token.level or token.nesting < 0 or not token.map:
            continue
        kind = _KINDS.get(token.type, "prose")
        if kind == "heading":
            path.enter(int(token.tag[1:]), plain_heading(tokens[number + 1].content))
        first, end = lines.span(token.map[0], token.map[1])
        # A list's lines reach over the blank ones after it; a lone form feed is a paragraph.
        end = first + len(text[first:end].rstrip())
        if end > first:
            yield Block(kind, first, end, path.words)


def _with_gaps(text: str, start: int, blocks: Iterator[Block]) -> Iterator[Block]:
    """Add what the parser makes no block of (link definitions): nothing of a document is lost."""
    path: tuple[str, ...] = ()
    at = start
    for block in blocks:
        yield from _gap(text, at, block.start, path)
        yield block
        at, path = block.end, block.heading_path
    yield from _gap(text, at, len(text), path)


def _gap(text: str, start: int, end: int, path: tuple[str, ...]) -> Iterator[Block]:
    between = text[start:end]
    words = between.strip()
    if words:
        first = start + between.index(words)
        yield Block("prose", first, first + len(words), path)
