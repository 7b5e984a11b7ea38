"""A question as hashed features of its wording, and as the sentence model is to read it."""

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.classifier import Classification
from graph.classification.cue_words import in_english
from graph.classification.query_type import QUERY_TYPES
from graph.classification.reading import QUOTED, read
from graph.classification.rules import classify
from graph.classification.spelling import fold

WORD_BUCKETS: Final = 2**15
LETTER_BUCKETS: Final = 2**15
BUCKETS: Final = WORD_BUCKETS + LETTER_BUCKETS
# What a question wants stands at its beginning or its end.
LONGEST_TEXT: Final = 600
_LONGEST_WORD: Final = 24
_SENTENCE_END: Final = re.compile(r"[.?!;:]\s+")
_PIECE: Final = re.compile(r"\w+|\?")
_SMALLEST_CHANCE: Final = 1e-3

Buckets = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Wording:
    """Which buckets a question falls into, how often, and what the rules say."""

    buckets: Buckets
    counts: Values
    rules: Values
    """Logarithm of the chance of each type by the rules."""


def ends_of(text: str) -> str:
    """Return a text that is not too long: its beginning and its end."""
    half = LONGEST_TEXT // 2
    return text if len(text) <= LONGEST_TEXT else f"{text[:half]} {text[-half:]}"


def what_decides(text: str, names: tuple[str, ...] = ()) -> str:
    """Return a text that is not too long, and names no agent: their words do not decide."""
    return without_names(ends_of(text), names)


def wording_of(question: str, names: tuple[str, ...] = ()) -> Wording:
    """Read the wording; `names` are names of agents, whose words do not decide."""
    text = what_decides(question, names)
    counts = Counter(_hashed(one, 0, WORD_BUCKETS) for one in _word_features(text))
    counts.update(_hashed(one, WORD_BUCKETS, LETTER_BUCKETS) for one in _letter_features(text))
    buckets = sorted(counts)
    return Wording(
        np.array(buckets, dtype=np.int64),
        np.array([1 + math.log(counts[one]) for one in buckets]),
        rule_scores(classify(text)),
    )


def without_names(text: str, names: tuple[str, ...]) -> str:
    """Say "Alpha" for every name that is known."""
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "Alpha", text, flags=re.IGNORECASE)
    return text


def rule_scores(said: Classification) -> Values:
    """What the rules say, as numbers that can be added."""
    chances = {said.query_type: said.confidence, **dict(said.alternatives)}
    return np.log([max(chances.get(kind, 0.0), _SMALLEST_CHANCE) for kind in QUERY_TYPES])


def _hashed(feature: str, first: int, buckets: int) -> int:
    return first + zlib.crc32(feature.encode("utf-8", "surrogatepass")) % buckets


def _word_features(text: str) -> Iterator[str]:
    folded = fold(text)
    yield from _said(folded)
    # What another language asks is evidence in both: the cues in English, and its own words.
    if (english := fold(in_english(text))) != folded:
        yield from _said(english)
    # Once more with quotations and names hidden: what they say is not asked for.
    plain = read(text).plain
    if QUOTED in plain:
        yield from _runs(_PIECE.findall(plain), "plain ")


def _said(folded: str) -> Iterator[str]:
    words = [one[:_LONGEST_WORD] for one in _PIECE.findall(folded)]
    yield from _runs(words, "")
    last = _PIECE.findall(_SENTENCE_END.split(folded.strip())[-1])
    for count in (1, 2, 3):
        yield f"begins {' '.join(words[:count])}"
        yield f"last begins {' '.join(last[:count])}"
    for count in (1, 2):
        yield f"ends {' '.join(last[-count:])}"
    yield f"length {min(8, len(words) // 4)}"


def _runs(words: list[str], kind: str) -> Iterator[str]:
    for size in (1, 2, 3):
        for at in range(len(words) - size + 1):
            yield f"{kind}{' '.join(words[at : at + size])}"


def _letter_features(text: str) -> Iterator[str]:
    for word in _PIECE.findall(fold(text)):
        padded = f" {word[:_LONGEST_WORD]} "
        for size in (2, 3, 4, 5):
            for at in range(max(1, len(padded) - size + 1)):
                yield padded[at : at + size]
