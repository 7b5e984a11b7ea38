"""Teaches the planner's reading to say what a plan consists of; runs while training only."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.low_rank import Changes
from graph.classification.variations import varied
from graph.classification.wording import ends_of
from graph.planning.needs_labels import FEATURES, HEADS, SHAPES, Outline, features_of, marks_of
from graph.planning.needs_model import FIRST_TOKENS_OF, MEANS_OF, NeedsModel

ROUNDS: Final = (2, 5)
"""How often through every lesson, and then through those that are like what strangers ask."""
_WIDTH: Final = 384 * (len(MEANS_OF) + len(FIRST_TOKENS_OF))
_SMOOTHING: Final = 0.03
_LEFT_OUT: Final = 0.1
_RULES_UNHEARD: Final = 0.3
"""How often the rules say nothing, so that it learns to read for itself."""
_EACH_COUNT: Final = 0.3
"""How much every count and the shape matter by themselves, beside the outline as a whole."""
_HABIT: Final = 0.3
_SEEN_ONCE: Final = 0.5
_AGREEMENT: Final = 0.5


@dataclass(frozen=True)
class Lesson:
    """A question, what the rules make of it, and what is right."""

    query: str
    rules: Outline
    right: Outline
    near: bool = True
    """Whether it is like what strangers ask."""


def taught(
    lessons: Sequence[Lesson],
    folder: Path,
    start: Changes | None,
    *,
    rounds: tuple[int, int] = ROUNDS,
    seed: int = 1,
) -> NeedsModel:
    """Learn from all lessons, then from the near ones; each is said a little differently every time."""
    import torch  # noqa: PLC0415 - only training needs it

    from graph.classification.thin_learning import Steps, ThinStudent, batches  # noqa: PLC0415

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    student, pupil = ThinStudent.of(folder, start), _Pupil.of(lessons)
    course = _course(lessons, *rounds)
    steps = Steps.of([*student.thin.values(), *pupil.learning()], sum(map(len, course)), 1)
    for rows in course:
        ids = [student.pieces.ids(varied(ends_of(lessons[row].query), chance)) for row in rows]
        for batch in batches(ids, chance):
            said = student.says([ids[at] for at in batch], MEANS_OF, FIRST_TOKENS_OF)
            steps.take(pupil.loss(said, [rows[at] for at in batch]))
    return pupil.found(student.changes())


def _course(lessons: Sequence[Lesson], of_all: int, of_near: int) -> list[list[int]]:
    """Which lessons each round goes through, by number."""
    near = [number for number, one in enumerate(lessons) if one.near]
    return [list(range(len(lessons)))] * of_all + [near] * of_near


@dataclass(frozen=True)
class _Pupil:
    """The layer over the sentence model in torch, with all lessons as numbers."""

    known: Sequence[Outline]
    head: Any
    habit: Any
    agreement: Any
    marks: Any
    rules: Any
    agreeing: Any
    classes: Any
    right: Any

    @staticmethod
    def of(lessons: Sequence[Lesson]) -> "_Pupil":
        import torch  # noqa: PLC0415 - only training needs it

        often = Counter(one.right.clipped() for one in lessons)
        known = sorted(often, key=str)
        head = torch.nn.Linear(_WIDTH + FEATURES, sum(HEADS))
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
        habit = [_HABIT * float(np.log(often[one] + _SEEN_ONCE)) for one in known]
        return _Pupil(
            known, head, torch.nn.Parameter(torch.tensor(habit)),
            torch.nn.Parameter(torch.tensor([_AGREEMENT])),
            torch.tensor(np.array([marks_of(one) for one in known])),
            torch.tensor(np.array([features_of(one.rules) for one in lessons])),
            torch.tensor([[float(one.rules.clipped() == said) for said in known] for one in lessons]),
            torch.tensor([one.right.classes() for one in lessons]),
            torch.tensor([known.index(one.right.clipped()) for one in lessons]),
        )  # fmt: skip

    def learning(self) -> list[Any]:
        return [*self.head.parameters(), self.habit, self.agreement]

    def loss(self, said: Any, rows: Sequence[int]) -> Any:
        """How far what it says is from the whole outline, and from each of its numbers."""
        import torch  # noqa: PLC0415 - only training needs it

        functional: Any = torch.nn.functional
        heard = (torch.rand(len(rows), 1) > _RULES_UNHEARD).float()
        given = torch.cat([functional.dropout(said, _LEFT_OUT), self.rules[rows] * heard], 1)
        scores = self.head(given)
        fits = scores @ self.marks.T + self.habit + self.agreement * self.agreeing[rows] * heard
        whole = functional.cross_entropy(fits, self.right[rows], label_smoothing=_SMOOTHING)
        wanted = self.classes[rows]
        return whole + _EACH_COUNT * sum(
            functional.cross_entropy(one, wanted[:, at], label_smoothing=_SMOOTHING)
            for at, one in enumerate(scores.split(HEADS, 1))
        )

    def found(self, changes: Changes) -> NeedsModel:
        weights, bias, habit, agreement = (one.detach().numpy() for one in self.learning())
        outlines = [[*one.counts, SHAPES.index(one.shape)] for one in self.known]
        return NeedsModel(
            said=weights[:, :_WIDTH].T.copy(), rules=weights[:, _WIDTH:].T.copy(), bias=bias,
            outlines=np.array(outlines, dtype=np.int8), habit=habit, agreement=agreement,
            changes=changes,
        )  # fmt: skip
