"""Whether one measurement, or search, is better than another beyond chance: a paired bootstrap by question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from kb.evaluation.evaluation import COMPARABLE, Evaluation
from kb_contract.errors import BadInput

DRAWS: Final = 10_000
_SEED: Final = 20_817
_BATCH: Final = 500
# Of what chance alone does, one in twenty is called a difference.
_TAIL: Final = 0.025

Verdict = Literal["better", "worse", "even"]


@dataclass(frozen=True)
class Interval:
    """A mean, and where it lies in 95 of 100 draws."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much a figure changed from the baseline, question by question."""

    figure: str
    n: int
    before: float
    now: float
    change: Interval
    p: float
    """How often chance alone would give as large a change, in either direction."""

    @property
    def verdict(self) -> Verdict:
        if self.change.low > 0:
            return "better"
        return "worse" if self.change.high < 0 else "even"

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n, "before": round(self.before, 6), "now": round(self.now, 6),
            "difference": round(self.change.mean, 6), "low": round(self.change.low, 6),
            "high": round(self.change.high, 6), "p": round(self.p, 4), "verdict": self.verdict,
        }  # fmt: skip


def interval(values: Sequence[float]) -> Interval:
    """Say how sure a mean is; the same values always give the same."""
    if not values:
        return Interval(0.0, 0.0, 0.0)
    drawn = _means(np.array(values, dtype=float))
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return Interval(float(np.mean(values)), float(low), float(high))


def compare(now: Evaluation, before: Evaluation) -> list[Difference]:
    """Compare the questions that both have; other kinds of measurement are refused."""
    if now.kind != before.kind:
        raise BadInput(
            f"the baseline is of {before.kind}, this is of {now.kind}", where="--baseline",
            cure="compare with one of the same kind",
        )  # fmt: skip
    found = [_difference(one, now.by_question(one), before.by_question(one))
             for one in COMPARABLE[now.kind]]  # fmt: skip
    differences = [one for one in found if one]
    if not differences:
        raise BadInput(
            "the baseline and this have no question in common", where="--baseline",
            cure="compare measurements of the same data; questions are known by their id",
        )  # fmt: skip
    return differences


def above_floors(found: Evaluation) -> list[Difference]:
    """Compare with every plain search that was measured beside it, by nDCG@10."""
    ours = found.by_question("ndcg@10")
    compared = [_difference(name, ours, plain) for name, plain in found.floors().items()]
    return [one for one in compared if one]


def _difference(
    figure: str, new: Mapping[str, float], old: Mapping[str, float]
) -> Difference | None:
    both = sorted(new.keys() & old.keys())
    if not both:
        return None
    news = np.array([new[one] for one in both])
    olds = np.array([old[one] for one in both])
    drawn = _means(news - olds)
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    change = float((news - olds).mean())
    p = 2 * min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
    return Difference(
        figure, len(both), float(olds.mean()), float(news.mean()),
        Interval(change, float(low), float(high)), min(1.0, p),
    )  # fmt: skip


def _means(values: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Draw as many questions as there are, again and again; a batch at a time fits in memory."""
    dice = np.random.default_rng(_SEED)
    batches = [
        values[dice.integers(0, len(values), (_BATCH, len(values)))].mean(axis=1)
        for _ in range(DRAWS // _BATCH)
    ]
    return np.concatenate(batches)
