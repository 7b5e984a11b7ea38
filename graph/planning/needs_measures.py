"""How good a reading is on questions that it was not taught, and from which chance a person is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.planning.evidence import Evidence
from graph.planning.needs_labels import Outline
from graph.planning.needs_model import Reading
from graph.planning.needs_reading import NOTHING_SAID, asks, decided

# Not less than what must do for questions that the sentence model cannot read.
_THRESHOLDS: Final = tuple(round(0.01 * step, 2) for step in range(6, 51))
MISS: Final = 10
"""How many needless approvals a missed one is as bad as."""


@dataclass(frozen=True)
class Measured:
    """What was right, what the rules said, and what the model read."""

    right: Outline
    rules: Outline
    reading: Reading
    evidence: Evidence = NOTHING_SAID

    def acts(self) -> bool:
        return self.right.count("action") > 0

    def asks(self, asks_from: float) -> bool:
        return asks(self.rules, self.reading, asks_from, self.evidence)


def threshold(measured: Sequence[Measured]) -> float:
    """Return the chance from which asking does least harm: of those that do, the middle one."""
    harm = {one: sum(_harm(row, one) for row in measured) for one in _THRESHOLDS}
    fair = [one for one in _THRESHOLDS if harm[one] == min(harm.values())]
    return fair[(len(fair) - 1) // 2]


def _harm(row: Measured, asks_from: float) -> int:
    if row.acts() == row.asks(asks_from):
        return 0
    return MISS if row.acts() else 1


def figures(measured: Sequence[Measured], asks_from: float) -> dict[str, Any]:
    """Shares that are right by the rules alone and joined with the model."""
    joined = [decided(one.rules, one.reading, asks_from, one.evidence) for one in measured]
    return {
        "n": len(measured),
        "rules": _shares(measured, [one.rules for one in measured]),
        "joined": _shares(measured, joined),
    }


def _shares(measured: Sequence[Measured], said: Sequence[Outline]) -> dict[str, Any]:
    pairs = list(zip(measured, said, strict=True))
    acting = [(one.acts(), made.count("action") > 0) for one, made in pairs]
    return {
        "shape": _share([one.right.shape == made.shape for one, made in pairs]),
        "capabilities": _share([one.right.counts == made.counts for one, made in pairs]),
        "approval": _share([wanted == made for wanted, made in acting]),
        "missed": sum(wanted and not made for wanted, made in acting),
        "needless": sum(made and not wanted for wanted, made in acting),
    }


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 4) if right else 0.0
