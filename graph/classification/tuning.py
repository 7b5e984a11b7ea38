"""Tunes the sentence model to what questions want, by a thin change of each of its matrices.

This runs while training only; what it finds is merged into the weights when the classifier loads.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.encoder import FIRST_TOKENS_OF, MEANS_OF
from graph.classification.labelled_texts import LabelledText
from graph.classification.low_rank import Changes
from graph.classification.query_type import QUERY_TYPES
from graph.classification.variations import varied

ROUNDS: Final = 4
_SMOOTHING: Final = 0.04
_OTHER_LABELS: Final = 0.35
_LEFT_OUT: Final = 0.1


@dataclass(frozen=True)
class Tuned:
    """What tuning found: the change, and how what the model then says is read."""

    changes: Changes
    head: NDArray[np.float32]
    bias: NDArray[np.float32]


def tuned(
    questions: Sequence[LabelledText], folder: Path, *, rounds: int = ROUNDS, seed: int = 1
) -> Tuned:
    """Tune on labelled questions, each of them said a little differently in every round."""
    import torch  # noqa: PLC0415 - only training needs it

    from graph.classification.thin_learning import Steps, ThinStudent, batches  # noqa: PLC0415

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    student = ThinStudent.of(folder)
    head = torch.nn.Linear(384 * (len(MEANS_OF) + len(FIRST_TOKENS_OF)), len(QUERY_TYPES))
    torch.nn.init.zeros_(head.weight)
    steps = Steps.of([*student.thin.values(), *head.parameters()], len(questions), rounds)
    wanted: Any = torch.tensor(np.array([_wanted(one) for one in questions]), dtype=torch.float32)
    for _ in range(rounds):
        ids = [student.pieces.ids(varied(one.text, chance)) for one in questions]
        for rows in batches(ids, chance):
            said = student.says([ids[row] for row in rows], MEANS_OF, FIRST_TOKENS_OF)
            scores = head(torch.nn.functional.dropout(said, _LEFT_OUT))
            steps.take(-(wanted[rows] * scores.log_softmax(-1)).sum(-1).mean())
    weights, bias = (one.detach().numpy() for one in (head.weight, head.bias))
    return Tuned(student.changes(), weights.T.copy(), bias.copy())


def _wanted(question: LabelledText) -> list[float]:
    """How likely each type should be; a second right label gets a share."""
    others = [kind for kind in question.also_ok if kind != question.label]
    first = 1 - (_OTHER_LABELS if others else 0.0)
    shares = {kind: _OTHER_LABELS / len(others) for kind in others} | {question.label: first}
    rest = _SMOOTHING / len(QUERY_TYPES)
    return [rest + (1 - _SMOOTHING) * shares.get(kind, 0.0) for kind in QUERY_TYPES]
