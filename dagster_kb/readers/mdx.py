"""MDX: Markdown whose `import` and `export` lines and `{/* comments */}` are no content."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.parsed_document import ParsedDocument

# Prose may begin with the same words: "import type declarations with care".
_MODULE_LINE: Final = re.compile(
    r"import\s*(?:[\"']|[\w*{][^\"'`;]*?\bfrom\s*[\"'])"
    r"|export\s+(?:default\s+(?:function|class|async|new|[\w.$]+\s*(?:[;(=]|$)|[^\w\s])"
    r"|const|let|var|function|class|async|[{*])",
    re.MULTILINE,
)
_COMMENT: Final = re.compile(r"\{/\*.*?\*/\}", re.DOTALL)
_OPENING: Final = re.compile(r"[({\[]")
_CLOSING: Final = re.compile(r"[)}\]]")
# An `export` may have empty lines within its brackets; one that never closes ends nowhere else.
_LONGEST_EXPORT: Final = 200


def read_mdx(data: bytes) -> ParsedDocument:
    """Read an MDX document; JSX stays as HTML does."""
    parsed = read_markdown(data)
    return replace(parsed, blocks=tuple(_content(parsed.text, parsed.blocks)))


def _content(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    number = 0
    while number < len(blocks):
        block = blocks[number]
        words = text[block.start : block.end]
        if block.kind == "prose" and _MODULE_LINE.match(words):
            number = _after_export(text, blocks, number)
        else:
            if not _is_comment(block, words):
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


def _is_comment(block: Block, words: str) -> bool:
    return block.kind == "prose" and words.startswith("{/*") and not _COMMENT.sub("", words).strip()
