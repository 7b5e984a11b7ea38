"""Figures of golden questions, and whether a drop of them is more than chance."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# Ranks further down count as not found.
DEPTH: Final = 10
# Fewer questions cannot tell a drop from chance.
ENOUGH: Final = 8
_DRAWS: Final = 2000
_SEED: Final = 8867
_CONFIDENCE: Final = 0.95

Rank = int | None


@dataclass(frozen=True)
class Figures:
    """How well questions find their passages; each has one that counts: the first right one."""

    questions: int
    recall: float
    mrr: float
    ndcg: float


@dataclass(frozen=True)
class Drop:
    """How much a figure fell, and whether that is more than chance."""

    metric: str
    before: float
    now: float
    significant: bool

    @property
    def size(self) -> float:
        return self.before - self.now


def measures(at: int) -> Mapping[str, Callable[[Rank], float]]:
    """What each figure gives for one question whose passage is at that rank."""

    def recall(rank: Rank) -> float:
        return float(rank is not None and rank <= at)

    def mrr(rank: Rank) -> float:
        return 1 / rank if rank is not None and rank <= DEPTH else 0.0

    def ndcg(rank: Rank) -> float:
        return 1 / math.log2(1 + rank) if rank is not None and rank <= DEPTH else 0.0

    return {"recall": recall, "mrr": mrr, "ndcg": ndcg}


def figures(ranks: Sequence[Rank], at: int) -> Figures:
    """Average over the questions; 1 where there is none."""
    many = len(ranks) or 1
    mean = {name: sum(map(of, ranks)) / many for name, of in measures(at).items()}
    return Figures(len(ranks), **mean) if ranks else Figures(0, 1.0, 1.0, 1.0)


def drops(before: Sequence[Rank], now: Sequence[Rank], at: int) -> list[Drop]:
    """Compare question by question: a paired bootstrap, drawn in the same way every time."""
    import numpy as np  # noqa: PLC0415 - only the writer's runs need it

    found: list[Drop] = []
    draws = np.random.default_rng(_SEED).integers(0, len(now), (_DRAWS, len(now)))
    for name, of in measures(at).items():
        old = np.array([of(one) for one in before])
        new = np.array([of(one) for one in now])
        means = (new - old)[draws].mean(axis=1)
        surely_less = bool(np.quantile(means, _CONFIDENCE) < 0)
        found.append(Drop(name, float(old.mean()), float(new.mean()), surely_less))
    return found
