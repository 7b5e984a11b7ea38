"""Finds where a text turns to another subject: where neighbouring sentences are least alike."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dagster_kb.chunking.blocks import Block
from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.chunking.units import Unit, units_of
from kb_contract.errors import BadDocument, BadSetting

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

# Embedding costs milliseconds a sentence, so one document must not ask for all the time there is.
MOST_SENTENCES: Final = 2_000
LONGEST_SENTENCE: Final = 1_000
# A sentence alone says little: what is compared is the mean of so many on either side.
AROUND: Final = 3
# The fifth of all places with the largest change are where a subject ends.
SHARE_OF_BREAKS: Final = 0.2
SHORTEST_SUBJECT: Final = 3


def is_short_enough(text: str, blocks: Sequence[Block], limit: int, count: TokenCounter) -> bool:
    """Tell whether so many sentences can be compared in bounded time; finding them is the test of it."""
    left = MOST_SENTENCES
    for run in units_of(text, blocks, limit, count):
        left -= len(run)
        if left < 0:
            return False
    return True


def subjects(text: str, runs: Iterator[list[Unit]], embed: Embed | None) -> Iterator[list[Unit]]:
    """Part each run where the subject changes."""
    if embed is None:
        raise BadSetting(
            "the semantic strategy needs an embedding model, and none was given",
            where="agent.yaml: chunking.strategy",
            cure="use headings, fixed or overlapping",
        )
    left = MOST_SENTENCES
    for run in runs:
        left -= len(run)
        if left < 0:
            raise BadDocument(
                f"more than {MOST_SENTENCES:,} sentences for the semantic strategy",
                cure="split it into several documents, or use another chunking.strategy",
            )
        yield from _parted(run, _breaks(text, run, embed))


def _parted(run: Sequence[Unit], breaks: Sequence[int]) -> Iterator[list[Unit]]:
    start = 0
    for at in [*breaks, len(run)]:
        yield list(run[start:at])
        start = at


def _breaks(text: str, run: Sequence[Unit], embed: Embed) -> list[int]:
    """Return the units that a new subject begins with."""
    if len(run) < 2 * SHORTEST_SUBJECT:
        return []
    vectors = embed([text[one.start : one.end][:LONGEST_SENTENCE] for one in run])
    likeness = [_likeness(vectors, at) for at in range(1, len(run))]
    limit = float(np.quantile(likeness, SHARE_OF_BREAKS))
    found: list[int] = []
    # The deepest first; a stable sort keeps two reads alike.
    for place in sorted(range(len(likeness)), key=lambda one: likeness[one]):
        at = place + 1
        edges = [0, len(run), *found]
        if likeness[place] <= limit and all(abs(at - one) >= SHORTEST_SUBJECT for one in edges):
            found.append(at)
    return sorted(found)


def _likeness(vectors: NDArray[np.float32], at: int) -> float:
    before: NDArray[Any] = vectors[max(0, at - AROUND) : at].mean(axis=0)
    after: NDArray[Any] = vectors[at : at + AROUND].mean(axis=0)
    size = float(np.linalg.norm(before) * np.linalg.norm(after))
    # Rounded, so that the last bit of a float decides nothing.
    return round(float(before @ after) / size, 4) if size else 0.0
