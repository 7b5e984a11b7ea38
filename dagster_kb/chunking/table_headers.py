"""Rows of a table that is cut: the header goes with them into what is embedded."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.sections import ChunkDraft
from dagster_kb.chunking.splitting import Span

# A header that is longer would leave little room for the rows themselves.
LONGEST: Final = 200
_HEADER: Final = re.compile(
    r"[ \t]*(?P<names>\S[^\r\n]*)(?:\r\n?|\n)[ \t]*\|?[ \t]*:?-[-:| \t]*(?:[\r\n]|$)"
)


def with_headers(
    text: str, blocks: Sequence[Block], chunks: Sequence[ChunkDraft]
) -> list[ChunkDraft]:
    """Say of each chunk that begins inside of a table, or where one goes on, what its columns are called."""
    tables = [one for one in blocks if one.kind == "table"]
    starts = [one.start for one in tables]

    def header(chunk: ChunkDraft) -> str:
        at = bisect_right(starts, chunk.start) - 1
        if at < 0 or chunk.start >= tables[at].end:
            return ""
        if chunk.start == tables[at].start and not tables[at].goes_on:
            return ""
        found = names_at(text, tables[at])
        said = tables[at].columns or (text[found[0] : found[1]] if found else "")
        # Blanks that align the columns name nothing.
        names = " ".join(said.split()) if len(said) > LONGEST else said.strip()
        return names if len(names) <= LONGEST else ""

    return [replace(one, context=said) if (said := header(one)) else one for one in chunks]


def names_at(text: str, table: Block) -> Span | None:
    """Find the row that a table has above a line of dashes."""
    found = _HEADER.match(text, table.start, table.end)
    return found.span("names") if found else None
