"""Source code: blocks end where functions and classes do; headings are their names."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.splitting import trimmed
from dagster_kb.readers.code_definitions import Definition, definitions
from dagster_kb.readers.code_languages import Language
from dagster_kb.readers.code_lines import definitions_by_lines
from dagster_kb.readers.front_matter import BOM, FrontMatter
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.source_text import Lines, decode

if TYPE_CHECKING:
    from tree_sitter import Parser

# Beyond these a program is parted by its lines alone.
LONGEST_PARSED: Final = 1_000_000
DEEPEST: Final = 300
_BRACKETS: Final = re.compile(r"[()\[\]{}]")
_CLOSING: Final = re.compile(r"(?:[\s})\];,]|end\b)+")


def read_source_code(data: bytes, language: Language) -> ParsedDocument:
    """Read a program's source; its title is its file's name."""
    text = decode(data)
    first = len(BOM) if text.startswith(BOM) else 0
    Lines.of(text)
    if language.grammar and len(text) <= LONGEST_PARSED and not _nests_too_deep(text):
        found = definitions(text, _parser(language))
    else:
        found = definitions_by_lines(text)
    blocks = tuple(_without_crumbs(text, _blocks(text, (first, len(text)), found, ())))
    return ParsedDocument("", FrontMatter(), blocks, text)


def _nests_too_deep(text: str) -> bool:
    """Tell what no person wrote and a parser takes very long for."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = max(0, depth + (1 if bracket[0] in "([{" else -1))
        if depth > DEEPEST:
            return True
    return False


def _parser(language: Language) -> "Parser":
    import tree_sitter  # noqa: PLC0415 (native code; only source files need it)

    module, _, function = language.grammar.partition(":")
    grammar = importlib.import_module(module)
    pointer: object = getattr(grammar, function or "language")()
    return tree_sitter.Parser(tree_sitter.Language(pointer))


def _blocks(
    text: str, span: tuple[int, int], found: tuple[Definition, ...], path: tuple[str, ...]
) -> Iterator[Block]:
    """Cover the span: definitions under their names, and what lies between under `path`."""
    at, end = span
    for one in found:
        yield from _code(text, (at, one.start), path)
        inner = (*path, one.name) if one.name else path
        yield from _blocks(text, (one.start, one.end), one.inside, inner)
        at = one.end
    yield from _code(text, (at, end), path)


def _without_crumbs(text: str, blocks: Iterator[Block]) -> Iterator[Block]:
    """Leave the bracket that closes a class with the last method in it."""
    before: Block | None = None
    for block in blocks:
        if before and _CLOSING.fullmatch(text, block.start, block.end):
            before = replace(before, end=block.end)
            continue
        if before:
            yield before
        before = block
    if before:
        yield before


def _code(text: str, span: tuple[int, int], path: tuple[str, ...]) -> Iterator[Block]:
    piece = trimmed(text, span)
    if piece:
        yield Block("code", *piece, path)
