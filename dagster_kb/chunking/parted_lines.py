"""Lines with something left out in the middle: the words beside a chunk go with it into what is embedded."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.sections import ChunkDraft

# On either side: more would outweigh the chunk itself.
LONGEST: Final = 100
MOST_PARTS: Final = 8
_LINE_END: Final = re.compile(r"\r\n?|\n")
_FIRST_WORD: Final = re.compile(r"\A\S+")
_LAST_WORD: Final = re.compile(r"\S+\Z")
# Here the end of a line means nothing.
_WRAPPED: Final = frozenset({"prose", "quote"})


def with_lines(
    text: str, blocks: Sequence[Block], chunks: Sequence[ChunkDraft]
) -> list[ChunkDraft]:
    """Say of each chunk that begins or ends within a line what else stands on it."""
    lines = _Lines.of(text, blocks)
    return [lines.told(one) for one in chunks] if any(lines.joined) else list(chunks)


@dataclass(frozen=True)
class _Lines:
    text: str
    blocks: Sequence[Block]
    joined: Sequence[bool]
    """Whether each block goes on in the line of the next one."""
    starts: dict[int, int]
    ends: dict[int, int]

    @classmethod
    def of(cls, text: str, blocks: Sequence[Block]) -> "_Lines":
        joined = [_is_one_line(text, one, after) for one, after in pairwise(blocks)]
        starts = {one.start: at for at, one in enumerate(blocks)}
        return cls(text, blocks, joined, starts, {one.end: at for at, one in enumerate(blocks)})

    def told(self, chunk: ChunkDraft) -> ChunkDraft:
        before = self._beside(self.starts.get(chunk.start, 0), -1)
        after = self._beside(self.ends.get(chunk.end, len(self.joined)), 1)
        if not before and not after:
            return chunk
        line = f"{before} … {after}".strip()
        return replace(chunk, context=f"{chunk.context}\n{line}".strip())

    def _beside(self, at: int, step: int) -> str:
        said: list[str] = []
        for _ in range(MOST_PARTS):
            seam = min(at, at + step)
            if not 0 <= seam < len(self.joined) or not self.joined[seam]:
                break
            at += step
            words, whole = _words(self.text, self.blocks[at], last=step < 0)
            said.append(words)
            if not whole or sum(map(len, said)) >= LONGEST:
                break
        return " ".join(said[::step])


def _is_one_line(text: str, one: Block, after: Block) -> bool:
    between = text[one.end : after.start]
    left_out = between.strip()
    if not left_out:
        return False
    outside = between.split(left_out, 1)
    ends = sum(len(_LINE_END.findall(blanks)) for blanks in outside)
    return ends <= (one.kind in _WRAPPED and after.kind in _WRAPPED)


def _words(text: str, block: Block, *, last: bool) -> tuple[str, bool]:
    """Give the words of a block's first line, or of its last one, and whether it has no others."""
    start = max(block.start, block.end - LONGEST) if last else block.start
    end = block.end if last else min(block.end, block.start + LONGEST)
    words, whole = text[start:end], (start, end) == (block.start, block.end)
    if not whole:
        # Half a number would be another number.
        words = (_FIRST_WORD if last else _LAST_WORD).sub("", words)
    lines = [words] if block.kind in _WRAPPED else words.strip().splitlines() or [""]
    return " ".join(lines[-1 if last else 0].split()), whole and len(lines) == 1
