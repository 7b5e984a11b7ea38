"""Places for passages that say something else: other words of the question, or other words at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kb_contract.asked_question import Numbers
from kb_contract.sparse_words import Weights

# So many places are given to passages that say what those above them do not.
PLACES: Final = 10
# Two passages that share so much of their words say almost the same.
SAME: Final = 0.9
_NO_SCALE: Final = 1e-9


@dataclass(frozen=True)
class Gain:
    """What each passage holds of each word of the question, and how much new words count."""

    held: Numbers
    strength: float


@dataclass(frozen=True)
class Loss:
    """How much passages resemble each other, and how much that counts against them."""

    alike: Numbers
    strength: float


def spread(fit: Numbers, gain: Gain, loss: Loss | None = None) -> list[int]:
    """Fill the first places one by one: what fits, holds words not seen yet, and repeats little."""
    left = list(range(len(fit)))
    if not (gain.strength or (loss and loss.strength)):
        return left
    fit = fit / (fit.std() + _NO_SCALE)
    held = gain.held / (gain.held.sum(axis=1).std() + _NO_SCALE)
    taken, seen = list[int](), np.zeros(held.shape[1])
    while left and len(taken) < PLACES:
        worth = fit[left] + gain.strength * np.maximum(0, held[left] - seen).sum(axis=1)
        if loss and taken:
            worth = worth - loss.strength * loss.alike[np.ix_(left, taken)].max(axis=1)
        best = left.pop(int(np.argmax(worth)))
        seen = np.maximum(seen, held[best])
        taken.append(best)
    return [*taken, *left]


def repeats_last(order: Sequence[int], alike: Numbers) -> list[int]:
    """Put what says almost the same as a passage above it behind all others."""
    first: list[int] = []
    last: list[int] = []
    for one in order:
        (last if first and alike[one, first].max() >= SAME else first).append(one)
    return [*first, *last]


def resemblance(weights: Sequence[Weights]) -> Numbers:
    """Say of each two passages which share of their words they have in common (0 to 1)."""
    words = [frozenset(one) for one in weights]
    alike = np.eye(len(words))
    for one, own in enumerate(words):
        for other in range(one):
            shared = len(own & words[other]) / max(1, len(own | words[other]))
            alike[one, other] = alike[other, one] = shared
    return alike
