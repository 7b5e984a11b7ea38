"""The ways of cutting a document: by headings, into windows, or where the subject changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.sections import ChunkDraft, Chunker, shared_path
from dagster_kb.chunking.semantic import Embed, subjects
from dagster_kb.chunking.tokens import CHARACTERS_PER_TOKEN, TokenCounter
from dagster_kb.chunking.units import Unit, units_of
from kb_contract.agent_manifest import ChunkingStrategy


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a document is cut."""

    strategy: ChunkingStrategy
    tokens: int
    overlap: int = 0


def chunk_blocks(
    text: str,
    blocks: Sequence[Block],
    cutting: Cutting,
    count: TokenCounter,
    embed: Embed | None = None,
) -> list[ChunkDraft]:
    """Cut a document; every chunk is an exact slice of `text` on one page."""
    # The same words are weighed as a block, as a piece and as a chunk; counting is what takes long.
    count = cache(count)
    if cutting.strategy == "headings":
        return Chunker(cutting.tokens, count).chunk(text, blocks)
    runs: Iterator[list[Unit]] = units_of(text, blocks, cutting.tokens, count)
    if cutting.strategy == "semantic":
        runs = subjects(text, runs, embed)
    windows = (window for run in runs for window in _windows(run, cutting))
    return [_draft(number, text, one, count) for number, one in enumerate(windows)]


def _windows(run: Sequence[Unit], cutting: Cutting) -> Iterator[Sequence[Unit]]:
    """Fill windows with whole units; the next one begins with the last units of the one before."""
    start = 0
    while start < len(run):
        stop, weight = start, 0
        while stop < len(run) and (stop == start or _fits(run, start, stop, weight, cutting)):
            weight += run[stop].weight
            stop += 1
        # A heading goes before what it stands above.
        while start < stop - 1 and stop < len(run) and run[stop - 1].is_heading:
            stop -= 1
        yield run[start:stop]
        if stop >= len(run):
            return
        start = _step_back(run, start, stop, cutting)


def _fits(run: Sequence[Unit], start: int, stop: int, weight: int, cutting: Cutting) -> bool:
    # Blanks between two units weigh nothing, but there may be a great many.
    length = run[stop].end - run[start].start
    within = weight + run[stop].weight <= cutting.tokens
    return within and length <= cutting.tokens * CHARACTERS_PER_TOKEN


def _step_back(run: Sequence[Unit], start: int, stop: int, cutting: Cutting) -> int:
    """Find where the next window begins: it repeats what fits, and must reach further."""
    first, weight = stop, 0
    while first - 1 > start:
        weight += run[first - 1].weight
        if weight > cutting.overlap or weight + run[stop].weight > cutting.tokens:
            break
        first -= 1
    return first


def _draft(number: int, text: str, units: Sequence[Unit], count: TokenCounter) -> ChunkDraft:
    start, end = units[0].start, units[-1].end
    piece = text[start:end]
    path = reduce(shared_path, (one.heading_path for one in units))
    return ChunkDraft(number, path, start, end, piece, count(piece), units[0].page)
