"""Teaches the planner's reading to say what a plan consists of; runs while training only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from graph.planning.needs_labels import FEATURES, HEADS, Floats
from graph.planning.needs_model import NeedsModel

HIDDEN: Final = 256
ROUNDS: Final = 18
_BATCH: Final = 64
_STEP: Final = 1e-3
_DECAY: Final = 0.1
_SMOOTHING: Final = 0.03
_LEFT_OUT: Final = 0.4
_RULES_UNHEARD: Final = 0.3
"""How often the rules say nothing, so that it learns to read for itself."""
_LEAST_SPREAD: Final = 1e-3


@dataclass(frozen=True)
class Lesson:
    """What the sentence model says of a question, what the rules make of it, and what is right."""

    meaning: Floats
    rules: Floats
    classes: tuple[int, ...]


def taught(lessons: Sequence[Lesson], seed: int = 1) -> NeedsModel:
    """Learn from every lesson; the same lessons, the same model."""
    import torch  # noqa: PLC0415 - only training needs it

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    meanings = np.array([one.meaning for one in lessons])
    centre, spread = meanings.mean(axis=0), meanings.std(axis=0) + _LEAST_SPREAD
    pupil = _Pupil.of(meanings.shape[1])
    given = torch.tensor((meanings - centre) / spread)
    rules = torch.tensor(np.array([one.rules for one in lessons]))
    wanted = torch.tensor([one.classes for one in lessons])
    optimizer = torch.optim.AdamW(pupil.learning(), lr=_STEP, weight_decay=_DECAY)
    steps = ROUNDS * -(-len(lessons) // _BATCH)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(ROUNDS):
        shuffled: Any = torch.randperm(len(lessons))
        for rows in shuffled.split(_BATCH):
            loss = pupil.loss(given[rows], rules[rows], wanted[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            pace.step()
    return pupil.found(centre, spread)


@dataclass(frozen=True)
class _Pupil:
    """Two layers of weights in torch."""

    inner: Any
    outer: Any

    @staticmethod
    def of(width: int) -> "_Pupil":
        import torch  # noqa: PLC0415 - only training needs it

        return _Pupil(
            torch.nn.Linear(width, HIDDEN), torch.nn.Linear(HIDDEN + FEATURES, sum(HEADS))
        )

    def learning(self) -> list[Any]:
        return [*self.inner.parameters(), *self.outer.parameters()]

    def loss(self, given: Any, rules: Any, wanted: Any) -> Any:
        import torch  # noqa: PLC0415 - only training needs it

        drop: Any = torch.nn.functional.dropout
        hidden = drop(torch.relu(self.inner(drop(given, _LEFT_OUT))), _LEFT_OUT)
        heard = (torch.rand(len(rules), 1) > _RULES_UNHEARD).float()
        scores = self.outer(torch.cat([hidden, rules * heard], 1)).split(HEADS, 1)
        return sum(
            torch.nn.functional.cross_entropy(one, wanted[:, at], label_smoothing=_SMOOTHING)
            for at, one in enumerate(scores)
        )

    def found(self, centre: Floats, spread: Floats) -> NeedsModel:
        inner, inner_bias, outer, outer_bias = (one.detach().numpy() for one in self.learning())
        return NeedsModel(centre, spread, inner.T.copy(), inner_bias, outer.T.copy(), outer_bias)
