"""Which blend finds an agent's golden questions best, and from which relevance on it may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dagster_kb.gates.ranking import DEPTH, Figures, Rank, figures, measures
from kb_contract.agent_manifest import Blend
from kb_contract.calibration import LEAST_APART, Calibration

Gains = NDArray[np.float64]
DEFAULT: Final = "all three"
BLENDS: Final[Mapping[str, Blend]] = {
    DEFAULT: Blend(),
    "meaning and words": Blend(likeness=0.0),
    "more meaning": Blend(meaning=2.0, words=0.5, likeness=1.0),
    "more words": Blend(meaning=0.5, words=2.0, likeness=1.0),
    "more likeness": Blend(meaning=0.5, words=0.5, likeness=3.0),
    "no spread": Blend(spread=0.0),
    "no parts": Blend(parts=0.0),
    "apart": Blend(diversity=0.5, repeats="last"),
}
"""What is tried: few, for golden sets are small, and among many one wins by chance."""
# A set of strangers' questions smaller than this says nothing of where to refuse.
ENOUGH_STRANGERS: Final = 10
WRONG_REFUSALS: Final = 0.05
ANSWERED_STRANGERS: Final = 0.10
FOLDS: Final = 5
_DRAWS: Final = 10_000
_SEED: Final = 8867


@dataclass(frozen=True)
class HeldOut:
    """What choosing by some questions gains on others, in nDCG, against the default."""

    folds: int
    gain: float
    low: float
    high: float
    """95 of 100 paired draws of the questions lie between the two."""

    @property
    def holds(self) -> bool:
        return self.low > 0

    def __str__(self) -> str:
        return (
            f"{self.folds} folds, on questions that did not choose {self.gain:+.3f} "
            f"(95 of 100 draws {self.low:+.3f} to {self.high:+.3f})"
        )


@dataclass(frozen=True)
class Choice:
    """A blend, and why it and not another."""

    name: str
    figures: Mapping[str, Figures]
    reason: str
    held_out: HeldOut

    @property
    def blend(self) -> Blend:
        return BLENDS[self.name]


@dataclass(frozen=True)
class Threshold:
    """Where to refuse, and what that does to the questions that were asked."""

    value: float
    wrongly_refused: float
    strangers_refused: float | None
    """None when there were no questions of others to ask."""
    reason: str
    chosen: bool = True
    """Whether the questions were enough to choose by; else it is what holds without them."""


def choose_blend(ranks: Mapping[str, Sequence[Rank]]) -> Choice:
    """Leave the default unless choosing another one gains on questions that did not choose it."""
    measured = {name: figures(found, DEPTH) for name, found in ranks.items()}
    gains = {name: _gains(found) for name, found in ranks.items()}
    held_out, best = _held_out(gains), _best(gains)
    if best == DEFAULT:
        return Choice(DEFAULT, measured, "no other one is better", held_out)
    if not held_out.holds:
        said = f"the gain of {best!r} does not hold beyond chance"
        return Choice(DEFAULT, measured, said, held_out)
    gain = measured[best].ndcg - measured[DEFAULT].ndcg
    return Choice(best, measured, f"nDCG@{DEPTH} is {gain:.3f} above the default's", held_out)


def _gains(ranks: Sequence[Rank]) -> Gains:
    return np.array([measures(DEPTH)["ndcg"](one) for one in ranks])


def _best(gains: Mapping[str, Gains]) -> str:
    """Name the best on average; the first of those that are as good, so the default before others."""
    return max(gains, key=lambda name: round(float(gains[name].mean()), 9))


def _held_out(gains: Mapping[str, Gains]) -> HeldOut:
    """Choose by all folds but one, and look at that one; each question is looked at once."""
    many = len(gains[DEFAULT])
    order = np.random.default_rng(_SEED).permutation(many)
    differences = np.zeros(many)
    for fold in np.array_split(order, min(FOLDS, many)):
        chosen = _best({name: np.delete(each, fold) for name, each in gains.items()})
        differences[fold] = gains[chosen][fold] - gains[DEFAULT][fold]
    draws = np.random.default_rng(_SEED).integers(0, many, (_DRAWS, many))
    low, high = np.quantile(differences[draws].mean(axis=1), (0.025, 0.975))
    return HeldOut(min(FOLDS, many), float(differences.mean()), float(low), float(high))


def choose_threshold(
    known: Sequence[float], strangers: Sequence[float], default: float
) -> Threshold:
    """Refuse strangers' questions as far as at most one in twenty of the agent's own goes with them."""
    if len(strangers) < ENOUGH_STRANGERS:
        kept = _threshold(default, known, strangers, "too few questions of others to calibrate by")
        return replace(kept, chosen=False)
    may_be = float(np.quantile(known, WRONG_REFUSALS))
    should_be = float(np.quantile(strangers, 1 - ANSWERED_STRANGERS))
    # Halfway leaves room on both sides; where they overlap, the agent's own questions come first.
    value = (may_be + should_be) / 2 if should_be < may_be else may_be
    value = float(np.floor(min(1.0, max(0.0, value)) * 1000) / 1000)
    return _threshold(value, known, strangers, "between the agent's own questions and others'")


def calibrated(own: Sequence[float], others: Sequence[float]) -> Calibration | None:
    """Say where the agent's figures lie; nothing where too few others were asked, or they cannot be told apart."""
    if len(others) < ENOUGH_STRANGERS:
        return None
    middle, strange = round(float(np.median(own)), 3), round(float(np.median(others)), 3)
    if middle - strange < LEAST_APART:
        return None
    return Calibration(own=middle, others=strange)


def _threshold(
    value: float, known: Sequence[float], strangers: Sequence[float], reason: str
) -> Threshold:
    refused = sum(one < value for one in known) / len(known) if known else 0.0
    others = sum(one < value for one in strangers) / len(strangers) if strangers else None
    return Threshold(value, refused, others, reason)
