"""A signal is a pattern with what it speaks for, and why we think so."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.classification.query_type import QueryType
from graph.classification.reading import Reading


@dataclass(frozen=True)
class Signal:
    """Speaks for one type, and perhaps against others."""

    name: str
    pattern: re.Pattern[str]
    weights: Mapping[QueryType, float]


def signal(name: str, pattern: str, **weights: float) -> Signal:
    """Make a signal; the weights' names are the types."""
    return Signal(name, re.compile(pattern), weights)  # pyright: ignore[reportArgumentType]


def heard(reading: Reading, signals: Sequence[Signal]) -> list[tuple[Signal, float]]:
    """Every signal that is there, each once, with the weight of its best clause."""
    found: list[tuple[Signal, float]] = []
    for one in signals:
        weights = [clause.weight for clause in reading.clauses if one.pattern.search(clause.plain)]
        if weights:
            found.append((one, max(weights)))
    return found
