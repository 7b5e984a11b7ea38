"""Markdown: top-level blocks with exact offsets into the source as git has it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it.token import Token

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.readers.front_matter import FrontMatter, split_front_matter
from dagster_kb.readers.markdown_blocks import block_tokens, plain_heading
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


@dataclass(frozen=True)
class ParsedDocument:
    """A document as its reader sees it; blocks lie in `text` in order, and never overlap."""

    title: str
    front_matter: FrontMatter
    blocks: tuple[Block, ...]
    text: str


def read_markdown(data: bytes) -> ParsedDocument:
    """Read a Markdown document."""
    text = decode(data)
    split = split_front_matter(text)
    blocks = tuple(_with_gaps(text, split.body_start, _blocks(text, split.body_start)))
    title = split.front_matter.title or first_heading(blocks)
    return ParsedDocument(title, split.front_matter, blocks, text)


def first_heading(blocks: Sequence[Block]) -> str:
    """Return the first heading's words, or nothing."""
    return next((one.heading_path[-1] for one in blocks if one.heading_path), "")


def _blocks(text: str, start: int) -> Iterator[Block]:
    lines = Lines.of(text, start)
    path: list[tuple[int, str]] = []
    tokens = block_tokens(text[start:])
    for number, token in enumerate(tokens):
        if token.level or token.nesting < 0 or not token.map:
            continue
        kind = _KINDS.get(token.type, "prose")
        if kind == "heading":
            _enter(path, token, tokens[number + 1].content)
        first, end = lines.span(token.map[0], token.map[1])
        # A list's lines reach over the blank ones after it; a lone form feed is a paragraph.
        end = first + len(text[first:end].rstrip())
        if end > first:
            yield Block(kind, first, end, tuple(words for _, words in path if words))


def _enter(path: list[tuple[int, str]], token: Token, markup: str) -> None:
    """Step to a heading: those as deep or deeper are left; a skipped level is no level."""
    level = int(token.tag[1:])
    while path and path[-1][0] >= level:
        path.pop()
    path.append((level, plain_heading(markup)))


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
