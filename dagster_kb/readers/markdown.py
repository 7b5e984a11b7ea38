"""Markdown: top-level blocks with exact offsets into the source as git has it."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it.token import Token

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.chunking.splitting import Span
from dagster_kb.readers.front_matter import FrontMatter, SplitDocument, split_front_matter
from dagster_kb.readers.left_out import merged, never_closed, without
from dagster_kb.readers.markdown_blocks import block_tokens, plain_heading
from dagster_kb.readers.markdown_comments import comments, is_open
from dagster_kb.readers.parsed_document import HeadingPath, ParsedDocument, first_heading
from dagster_kb.readers.silent_blocks import are_definitions, with_silent_tags
from dagster_kb.readers.source_text import Lines, decode, line_of

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
# Of a heading without blanks behind: many of them before a word would be tried one by one.
HEADING_MARKS: Final = re.compile(r"\A[ \t]*#{1,6}(?=\s|\Z)|[ \t]#+\Z|[\r\n][ \t]*(?:=+|-+)\Z")

# As many a README has its title; pictures may stand above it.
_HTML_TITLE: Final = re.compile(
    r"(?:\s*+</?(?:div|p|center|header|section|a|br|img|picture|source)\b[^<>]*+>)*+"
    r"\s*+<h(?P<level>[1-3])\b[^<>]*+>(?P<words>(?:[^<]|<(?!/?h[1-6]\b))*+)</h(?P=level)\s*>(?!.*<h[1-6]\b)",
    re.DOTALL | re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[^<>]*+>")


@dataclass(frozen=True)
class MarkdownBody:
    """Blocks of a body with all that is in them, and what of it is commented out."""

    blocks: tuple[Block, ...]
    comments: tuple[Span, ...]

    @classmethod
    def of(cls, text: str, start: int = 0, *, mdx: bool = False) -> "MarkdownBody":
        lines = Lines.of(text, start)
        tokens = block_tokens(text[start:], mdx=mdx)
        left_out = merged(comments(text, lines, tokens, mdx=mdx))
        blocks = _with_gaps(text, start, _blocks(text, lines, tokens, left_out))
        return cls(tuple(blocks), left_out)


def read_markdown(data: bytes) -> ParsedDocument:
    """Read a Markdown document."""
    text = decode(data)
    split = split_front_matter(text)
    body = MarkdownBody.of(text, split.body_start)
    return markdown_document(text, split, body, body.blocks)


def markdown_document(
    text: str, split: SplitDocument, body: MarkdownBody, content: Sequence[Block]
) -> ParsedDocument:
    """Make the document of a body's content, without what is commented out in it."""
    blocks = with_silent_tags(text, without(text, content, body.comments))
    front = split.front_matter
    title = front.title or first_heading(blocks)
    unclosed = tuple(
        never_closed(line_of(text, one[0])) for one in body.comments if is_open(text, one)
    )
    return ParsedDocument(title, front, blocks, text, notes=(*split.notes, *unclosed))


def read_markdown_text(text: str) -> ParsedDocument:
    """Read a text that has no front matter."""
    body = MarkdownBody.of(text)
    return markdown_document(text, SplitDocument(FrontMatter(), 0), body, body.blocks)


def _blocks(
    text: str, lines: Lines, tokens: Sequence[Token], left_out: Sequence[Span]
) -> Iterator[Block]:
    path = HeadingPath()
    for number, token in enumerate(tokens):
        if token.level or token.nesting < 0 or not token.map:
            continue
        kind = _KINDS.get(token.type, "prose")
        first, end = lines.span(token.map[0], token.map[1])
        if kind == "heading":
            words = _heading(text, (first, end), left_out) or tokens[number + 1].content
            if words.strip():
                path.enter(int(token.tag[1:]), plain_heading(words))
        elif kind == "html":
            kind = _enter_html_title(_kept(text, (first, end), left_out), path)
        # A list's lines reach over the blank ones after it; a lone form feed is a paragraph.
        end = first + len(text[first:end].rstrip())
        if end > first:
            yield Block(kind, first, end, path.words)


def _heading(text: str, span: Span, left_out: Sequence[Span]) -> str:
    """Say a heading without what is commented out in it; nothing where nothing is."""
    kept = _kept(text, span, left_out)
    if kept == text[span[0] : span[1]]:
        return ""
    return HEADING_MARKS.sub("", kept.rstrip()).rstrip() or " "


def _kept(text: str, span: Span, left_out: Sequence[Span]) -> str:
    at, end = span
    number = bisect_right(left_out, at, key=lambda one: one[1])
    rest: list[str] = []
    while number < len(left_out) and left_out[number][0] < end:
        rest.append(text[at : left_out[number][0]])
        at, number = left_out[number][1], number + 1
    return "".join([*rest, text[at:end]])


@dataclass(frozen=True)
class HtmlTitle:
    """The one title that a block in HTML begins with."""

    level: int
    words: str
    is_all: bool
    """Nothing is told below it in the same block."""

    @classmethod
    def of(cls, html: str) -> "HtmlTitle | None":
        title = _HTML_TITLE.match(html)
        words = plain_heading(title["words"]) if title else ""
        if not title or not words:
            return None
        return cls(int(title["level"]), words, not _TAG.sub("", html[title.end() :]).strip())


def _enter_html_title(html: str, path: HeadingPath) -> BlockKind:
    """Step to a title in HTML; what is told below it in the same block stays HTML."""
    title = HtmlTitle.of(html)
    if title:
        path.enter(title.level, title.words)
    return "heading" if title and title.is_all else "html"


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
        yield Block("prose", first, first + len(words), path, silent=are_definitions(words))
