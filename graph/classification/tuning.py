"""Tunes the sentence model to what questions want, by a thin change of each of its matrices.

This runs while training only; what it finds is merged into the weights when the classifier loads.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.encoder import FIRST_TOKENS_OF, MEANS_OF
from graph.classification.labelled_texts import LabelledText
from graph.classification.low_rank import LINEAR, Changes
from graph.classification.pieces import Pieces
from graph.classification.query_type import QUERY_TYPES
from graph.classification.variations import varied

RANK: Final = 8
ROUNDS: Final = 4
_LOUDNESS: Final = 2.0
_BATCH: Final = 32
# Batches of texts of about the same length, out of so many at a time: little is padded.
_SORTED_TOGETHER: Final = 24
_STEP: Final = 1.5e-3
_WARM_UP: Final = 0.08
_SMALLEST_STEP: Final = 0.02
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

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    student = _Student.of(folder)
    optimizer = torch.optim.AdamW(student.learning(), lr=_STEP, weight_decay=0.01)
    steps = rounds * math.ceil(len(questions) / _BATCH)
    pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    wanted: Any = torch.tensor(np.array([_wanted(one) for one in questions]), dtype=torch.float32)
    for _ in range(rounds):
        ids = [student.pieces.ids(varied(one.text, chance)) for one in questions]
        for rows in _batches(ids, chance):
            scores = student.scores([ids[row] for row in rows])
            loss = -(wanted[rows] * scores.log_softmax(-1)).sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.learning(), 1.0)
            optimizer.step()
            pace.step()
    return student.found()


def _pace(step: int, steps: int) -> float:
    """Warm up, then slow down."""
    rising = (step + 1) / (_WARM_UP * steps)
    falling = (steps - step) / ((1 - _WARM_UP) * steps)
    return min(rising, max(_SMALLEST_STEP, falling))


def _wanted(question: LabelledText) -> list[float]:
    """How likely each type should be; a second right label gets a share."""
    others = [kind for kind in question.also_ok if kind != question.label]
    first = 1 - (_OTHER_LABELS if others else 0.0)
    shares = {kind: _OTHER_LABELS / len(others) for kind in others} | {question.label: first}
    rest = _SMOOTHING / len(QUERY_TYPES)
    return [rest + (1 - _SMOOTHING) * shares.get(kind, 0.0) for kind in QUERY_TYPES]


def _batches(ids: Sequence[Sequence[int]], chance: random.Random) -> list[list[int]]:
    order = list(range(len(ids)))
    chance.shuffle(order)
    many = _BATCH * _SORTED_TOGETHER
    batches: list[list[int]] = []
    for first in range(0, len(order), many):
        near = sorted(order[first : first + many], key=lambda row: len(ids[row]))
        batches.extend(near[at : at + _BATCH] for at in range(0, len(near), _BATCH))
    chance.shuffle(batches)
    return batches


@dataclass(frozen=True)
class _Student:
    """The sentence model in torch, frozen, with the thin matrices that learn beside its own."""

    pieces: Pieces
    model: Any
    thin: Mapping[str, Any]
    head: Any

    @staticmethod
    def of(folder: Path) -> "_Student":
        import torch  # noqa: PLC0415 - only training needs it
        from transformers import AutoModel  # noqa: PLC0415

        untyped: Any = AutoModel
        model = untyped.from_pretrained(str(folder), dtype=torch.bfloat16).requires_grad_(
            requires_grad=False
        )
        thin: dict[str, Any] = {}
        for name, where in LINEAR.items():
            matrices = [layer.get_submodule(where) for layer in model.encoder.layer]
            thin |= _beside(matrices, name)
        head = torch.nn.Linear(384 * (len(MEANS_OF) + len(FIRST_TOKENS_OF)), len(QUERY_TYPES))
        torch.nn.init.zeros_(head.weight)
        return _Student(Pieces.of(folder), model.train(), thin, head)

    def learning(self) -> list[Any]:
        return [*self.thin.values(), *self.head.parameters()]

    def scores(self, ids: Sequence[Sequence[int]]) -> Any:
        """Scores of a batch, with a tenth of what the model says left out."""
        import torch  # noqa: PLC0415 - only training needs it

        longest = max(map(len, ids))
        given = torch.tensor([[*one, *[0] * (longest - len(one))] for one in ids])
        there = torch.tensor([[1.0] * len(one) + [0.0] * (longest - len(one)) for one in ids])
        said = self.model(given, there.long(), output_hidden_states=True).hidden_states
        share = (there / there.sum(1, keepdim=True)).unsqueeze(-1)
        means = [(said[number].float() * share).sum(1) for number in MEANS_OF]
        firsts = [said[number][:, 0].float() for number in FIRST_TOKENS_OF]
        return self.head(torch.nn.functional.dropout(torch.cat([*means, *firsts], 1), _LEFT_OUT))

    def found(self) -> Tuned:
        arrays = {name: one.detach().numpy() for name, one in self.thin.items()}
        loud = {
            name: one * (_LOUDNESS if name.startswith("down") else 1)
            for name, one in arrays.items()
        }
        weights, bias = (one.detach().numpy() for one in (self.head.weight, self.head.bias))
        return Tuned(Changes(loud), weights.T.copy(), bias.copy())


def _beside(matrices: Sequence[Any], name: str) -> dict[str, Any]:
    """Put thin matrices beside those of the same name in every layer."""
    import torch  # noqa: PLC0415 - only training needs it

    taken, given = matrices[0].in_features, matrices[0].out_features
    down = torch.nn.Parameter(torch.randn(len(matrices), taken, RANK) / math.sqrt(taken))
    up = torch.nn.Parameter(torch.zeros(len(matrices), RANK, given))
    for layer, matrix in enumerate(matrices):
        matrix.register_forward_hook(partial(_with_change, down, up, layer))
    return {f"down_{name}": down, f"up_{name}": up}


def _with_change(down: Any, up: Any, layer: int, _: Any, asked: Any, said: Any) -> Any:
    """What a matrix says, and what the thin ones beside it add."""
    added = asked[0] @ down[layer].to(said.dtype) @ up[layer].to(said.dtype)
    return said + _LOUDNESS * added
