"""reStructuredText: sections and blocks with exact offsets; no directive is ever carried out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.chunking.named_spans import NamedSpan
from dagster_kb.chunking.splitting import Span
from dagster_kb.readers.contract_keys import collected
from dagster_kb.readers.front_matter import parse_front_matter, split_front_matter
from dagster_kb.readers.left_out import without
from dagster_kb.readers.parsed_document import HeadingPath, ParsedDocument, first_heading
from dagster_kb.readers.rest_comments import commented_out
from dagster_kb.readers.rest_directives import named_directives
from dagster_kb.readers.rest_fields import Said, said_above
from dagster_kb.readers.rest_lines import (
    Title,
    announces_code,
    is_adornment,
    kind_of,
    plain_title,
    title_at,
)
from dagster_kb.readers.rest_tables import columns_of, end_of_simple, rows_of
from dagster_kb.readers.silent_blocks import are_targets
from dagster_kb.readers.source_text import Lines, decode, line_of

_TABS: Final = 8
_NOTED: Final = 3


def read_restructured_text(data: bytes) -> ParsedDocument:
    """Read a document of reStructuredText, those of Sphinx too."""
    text = decode(data)
    split = split_front_matter(text, may_be_rule=True)
    scanner = _Scanner.of(text, split.body_start)
    found = tuple(scanner.blocks())
    blocks = without(text, found, tuple(scanner.comments()))
    said = tuple(said_above(text, found))
    fields = ((one.key, one.value) for one in said if not one.words)
    front = parse_front_matter(collected([*fields, *split.said.items()]))
    notes = tuple(_explanations(text, [one for one in said if one.words]))
    return ParsedDocument(
        front.title or first_heading(blocks), front, blocks, text,
        notes=notes, named=tuple(scanner.named()),
    )  # fmt: skip


def _explanations(text: str, said: Sequence[Said]) -> Iterator[str]:
    """Note the first of them: a page may list thousands."""
    yield from (_explains(text, one) for one in said[:_NOTED])
    if len(said) > _NOTED:
        yield f"{len(said) - _NOTED:,} more such fields are taken for explanations"


def _explains(text: str, said: Said) -> str:
    return (
        f"line {line_of(text, said.start)}: the field {said.key!r} stands below a paragraph and is taken for an explanation"
        " → write it at the top if it decides what is served"
    )


@dataclass(frozen=True)
class _Scanner:
    text: str
    starts: tuple[int, ...]
    lines: tuple[str, ...]
    """Without line ends and blanks behind, tabs as wide as docutils takes them."""

    @classmethod
    def of(cls, text: str, first: int) -> "_Scanner":
        starts = Lines.of(text, first).starts
        lines = (text[one:end] for one, end in pairwise(starts))
        return cls(text, starts, tuple(one.rstrip().expandtabs(_TABS) for one in lines))

    def blocks(self) -> Iterator[Block]:
        path = HeadingPath()
        styles: list[str] = []
        above = ""
        at = 0
        while at < len(self.lines):
            if not self.lines[at]:
                at += 1
                continue
            title = title_at(self.lines, at)
            if title:
                self._enter(title, styles, path)
                yield self._block("heading", at, title.after, path)
                at = title.after
                continue
            end = self._end_of_block(at)
            yield self._block(kind_of(self.lines[at], above), at, end, path)
            at, above = end, self.lines[end - 1]

    def comments(self) -> Iterator[Span]:
        for at, end in commented_out(self.lines):
            yield self.starts[at], self.starts[end]

    def named(self) -> Iterator[NamedSpan]:
        for at, end, name in named_directives(self.lines):
            line = self.text[self.starts[at] : self.starts[at + 1]]
            indent = len(line) - len(line.lstrip(" \t"))
            yield NamedSpan(self.starts[at] + indent, self.starts[end], name)

    def _enter(self, title: Title, styles: list[str], path: HeadingPath) -> None:
        """Step to a section: its level is the place where its adornment was first used."""
        if title.style not in styles:
            styles.append(title.style)
        path.enter(styles.index(title.style) + 1, plain_title(title.words))

    def _end_of_block(self, at: int) -> int:
        """A block reaches to an empty line that nothing indented as deep follows."""
        table = end_of_simple(self.lines, at)
        if table:
            return table
        indent = _indent(self.lines[at])
        end = at + 1
        while end < len(self.lines):
            line = self.lines[end]
            if not line:
                after = self._next_filled(end)
                announced = indent == 0 and announces_code(self.lines[end - 1])
                deep = after < len(self.lines) and _indent(self.lines[after]) >= max(1, indent)
                if announced or not deep:
                    return end
                end = after
            elif indent == 0 and title_at(self.lines, end) and not is_adornment(self.lines[at]):
                return end
            else:
                end += 1
        return end

    def _next_filled(self, at: int) -> int:
        while at < len(self.lines) and not self.lines[at]:
            at += 1
        return at

    def _block(self, kind: BlockKind, at: int, end: int, path: HeadingPath) -> Block:
        start = self.starts[at]
        words = self.text[start : self.starts[end]].rstrip()
        columns = columns_of(self.lines[at:end]) if kind == "table" else ""
        rows = rows_of(self.lines[at:end]) if kind == "table" else ()
        begins = tuple(self.starts[at + one] for one in rows)
        return Block(
            kind, start, start + len(words), path.words,
            columns=columns, rows=begins, silent=are_targets(words),
        )  # fmt: skip


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
