"""What is told of one thing over many chunks: its name goes with them into what is embedded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dagster_kb.chunking.sections import ChunkDraft

# All names together: more would outweigh the chunk itself.
LONGEST: Final = 200
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A part of the source that tells of one thing, and begins with its name; two lie apart, or one in the other."""

    start: int
    end: int
    name: str


def with_names(spans: Iterable[NamedSpan], chunks: Sequence[ChunkDraft]) -> list[ChunkDraft]:
    """Say of each chunk that begins within such parts, and of which nothing else is said, what they tell of."""
    return [
        replace(chunk, context=_names(around)) if around and not chunk.context else chunk
        for chunk, around in zip(chunks, _around(spans, chunks), strict=True)
    ]


def _around(
    spans: Iterable[NamedSpan], chunks: Sequence[ChunkDraft]
) -> Iterator[Sequence[NamedSpan]]:
    """Give the parts that each chunk begins within, the outermost first; both come in order."""
    ahead = sorted(spans, key=lambda one: (-one.start, one.end))
    around: list[NamedSpan] = []
    for chunk in chunks:
        while ahead and ahead[-1].start < chunk.start:
            _leave(around, ahead[-1].start)
            around.append(ahead.pop())
        _leave(around, chunk.start)
        yield around[-_DEEPEST:]


def _leave(around: list[NamedSpan], place: int) -> None:
    while around and around[-1].end <= place:
        around.pop()


def _names(around: Sequence[NamedSpan]) -> str:
    """The innermost name says most."""
    said = ""
    for one in reversed(around):
        longer = f"{one.name} > {said}" if said else one.name
        if len(longer) > LONGEST:
            break
        said = longer
    return said
