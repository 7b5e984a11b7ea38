"""Which blend finds an agent's golden questions best, and from which relevance on it may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dagster_kb.gates.ranking import DEPTH, ENOUGH, Figures, Rank, drops, figures
from kb_contract.agent_manifest import Blend

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


@dataclass(frozen=True)
class Choice:
    """A blend, and why it and not another."""

    name: str
    figures: Mapping[str, Figures]
    reason: str

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


def choose_blend(ranks: Mapping[str, Sequence[Rank]]) -> Choice:
    """Leave the default unless another one is better by more than chance."""
    measured = {name: figures(found, DEPTH) for name, found in ranks.items()}
    questions = len(ranks[DEFAULT])
    if questions < ENOUGH:
        return Choice(DEFAULT, measured, f"{questions} golden questions are too few to choose by")
    better = [name for name in ranks if name != DEFAULT and _beats(ranks[name], ranks[DEFAULT])]
    if not better:
        return Choice(DEFAULT, measured, "no other one is better by more than chance")
    best = max(better, key=lambda name: measured[name].ndcg)
    gain = measured[best].ndcg - measured[DEFAULT].ndcg
    return Choice(best, measured, f"nDCG@{DEPTH} is {gain:.3f} above the default's, beyond chance")


def choose_threshold(
    known: Sequence[float], strangers: Sequence[float], default: float
) -> Threshold:
    """Refuse strangers' questions as far as at most one in twenty of the agent's own goes with them."""
    if len(known) < ENOUGH or len(strangers) < ENOUGH_STRANGERS:
        return _threshold(default, known, strangers, "too few questions to calibrate by")
    may_be = float(np.quantile(known, WRONG_REFUSALS))
    should_be = float(np.quantile(strangers, 1 - ANSWERED_STRANGERS))
    # Halfway leaves room on both sides; where they overlap, the agent's own questions come first.
    value = (may_be + should_be) / 2 if should_be < may_be else may_be
    value = float(np.floor(min(1.0, max(0.0, value)) * 1000) / 1000)
    return _threshold(value, known, strangers, "between the agent's own questions and others'")


def _threshold(
    value: float, known: Sequence[float], strangers: Sequence[float], reason: str
) -> Threshold:
    refused = sum(one < value for one in known) / len(known) if known else 0.0
    others = sum(one < value for one in strangers) / len(strangers) if strangers else None
    return Threshold(value, refused, others, reason)


def _beats(one: Sequence[Rank], other: Sequence[Rank]) -> bool:
    """Whether the other one would be a drop, as the gates understand it."""
    return any(
        drop.metric == "ndcg" and drop.significant and drop.size > 0
        for drop in drops(one, other, DEPTH)
    )
