"""Teaches the planner's reading to say what a plan consists of; runs while training only."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.low_rank import Changes
from graph.classification.variations import varied
from graph.classification.wording import ends_of
from graph.planning.needs_labels import (
    FEATURES,
    HEADS,
    SHAPES,
    TYPE_FEATURES,
    Floats,
    Outline,
    features_of,
    marks_of,
    type_features_of,
)
from graph.planning.needs_model import FIRST_TOKENS_OF, MEANS_OF, NeedsModel
from graph.planning.renumbering import can_be_renumbered, renumbered

ROUNDS: Final = (2, 8)
"""How often through every lesson, and then through those that are like what strangers ask."""
_WIDTH: Final = 384 * (len(MEANS_OF) + len(FIRST_TOKENS_OF))
_SMOOTHING: Final = 0.03
_LEFT_OUT: Final = 0.1
_UNHEARD: Final = 0.3
"""How often the rules say nothing, or the classifier, so that it learns to read for itself."""
_RENUMBERED: Final = 0.5
_EACH_COUNT: Final = 0.3
"""How much every count and the shape matter by themselves, beside the outline as a whole."""
_HABIT: Final = 0.3
_SEEN_ONCE: Final = 0.5
_AGREEMENT: Final = 0.5


@dataclass(frozen=True)
class Lesson:
    """A question, what the rules make of it, and what is right."""

    query: str
    rules: Outline | None
    right: Outline
    types: Floats = field(default_factory=lambda: type_features_of(None))
    """What the classifier says; nothing where it was taught the question."""
    often: tuple[float, float] = (1, 1)
    """How often each round goes through it, of all lessons and of those like what strangers ask."""


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
    course = _course(lessons, rounds, chance)
    steps = Steps.of([*student.thin.values(), *pupil.learning()], sum(map(len, course)), 1)
    for rows in course:
        said = [_said(lessons[row], chance, pupil.known) for row in rows]
        ids = [student.pieces.ids(varied(ends_of(one.query), chance)) for one in said]
        for batch in batches(ids, chance):
            heard = student.says([ids[at] for at in batch], MEANS_OF, FIRST_TOKENS_OF)
            steps.take(pupil.loss(heard, [said[at] for at in batch]))
    return pupil.found(student.changes())


def _course(
    lessons: Sequence[Lesson], rounds: tuple[int, int], chance: random.Random
) -> list[list[int]]:
    """Which lessons each round goes through, by number; of some only a part each time."""
    return [
        [row for row, one in enumerate(lessons) for _ in range(_times(one.often[part], chance))]
        for part, count in enumerate(rounds)
        for _ in range(count)
    ]


def _times(often: float, chance: random.Random) -> int:
    return int(often) + (chance.random() < often % 1)


def _said(lesson: Lesson, chance: random.Random, known: Sequence[Outline]) -> Lesson:
    """The lesson, or the same with another number of things, of which the rules say nothing."""
    if not can_be_renumbered(lesson.query, lesson.right) or chance.random() >= _RENUMBERED:
        return lesson
    query, right = renumbered(lesson.query, lesson.right, chance)
    return replace(lesson, query=query, right=right, rules=None) if right in known else lesson


@dataclass(frozen=True)
class _Pupil:
    """The layer over the sentence model in torch."""

    known: Sequence[Outline]
    head: Any
    habit: Any
    agreement: Any
    marks: Any

    @staticmethod
    def of(lessons: Sequence[Lesson]) -> "_Pupil":
        import torch  # noqa: PLC0415 - only training needs it

        often: Counter[Outline] = Counter()
        for one in lessons:
            often[one.right.clipped()] += one.often[0]  # pyright: ignore[reportArgumentType]
        known = sorted(often, key=str)
        head = torch.nn.Linear(_WIDTH + FEATURES + TYPE_FEATURES, sum(HEADS))
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
        habit = [_HABIT * float(np.log(often[one] + _SEEN_ONCE)) for one in known]
        return _Pupil(
            known, head, torch.nn.Parameter(torch.tensor(habit)),
            torch.nn.Parameter(torch.tensor([_AGREEMENT])),
            torch.tensor(np.array([marks_of(one) for one in known])),
        )  # fmt: skip

    def learning(self) -> list[Any]:
        return [*self.head.parameters(), self.habit, self.agreement]

    def loss(self, said: Any, lessons: Sequence[Lesson]) -> Any:
        """How far what it says is from the whole outline, and from each of its numbers."""
        import torch  # noqa: PLC0415 - only training needs it

        functional: Any = torch.nn.functional
        rules, agreeing, types = map(torch.tensor, self._evidence(lessons))
        heard, typed = ((torch.rand(len(lessons), 1) > _UNHEARD).float() for _ in range(2))
        given = [functional.dropout(said, _LEFT_OUT), rules * heard, types * typed]
        scores = self.head(torch.cat(given, 1))
        fits = scores @ self.marks.T + self.habit + self.agreement * agreeing * heard
        right = torch.tensor([self.known.index(one.right.clipped()) for one in lessons])
        whole = functional.cross_entropy(fits, right, label_smoothing=_SMOOTHING)
        wanted = torch.tensor([one.right.classes() for one in lessons])
        return whole + _EACH_COUNT * sum(
            functional.cross_entropy(one, wanted[:, at], label_smoothing=_SMOOTHING)
            for at, one in enumerate(scores.split(HEADS, 1))
        )

    def _evidence(self, lessons: Sequence[Lesson]) -> tuple[Floats, Floats, Floats]:
        """What the rules and the classifier say, as rows; zeros where the rules say nothing."""
        nothing = np.zeros(FEATURES, dtype=np.float32)
        rules = [features_of(one.rules) if one.rules else nothing for one in lessons]
        agreeing = [
            [float(one.rules is not None and one.rules.clipped() == said) for said in self.known]
            for one in lessons
        ]
        types = [one.types for one in lessons]
        return np.array(rules), np.array(agreeing, dtype=np.float32), np.array(types)

    def found(self, changes: Changes) -> NeedsModel:
        weights, bias, habit, agreement = (one.detach().numpy() for one in self.learning())
        said, rules, types = np.split(weights.T, [_WIDTH, _WIDTH + FEATURES])
        outlines = [[*one.counts, SHAPES.index(one.shape)] for one in self.known]
        return NeedsModel(
            said=said.copy(), rules=rules.copy(), types=types.copy(), bias=bias,
            outlines=np.array(outlines, dtype=np.int8), habit=habit, agreement=agreement,
            changes=changes,
        )  # fmt: skip
