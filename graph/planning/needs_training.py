"""Teaches the sentence model to say what a plan consists of; runs while training only.

The model itself stays as it is: thin matrices beside its own learn, and the heads above them.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.low_rank import LINEAR, Changes
from graph.planning.needs_labels import FEATURES, HEADS, Floats
from graph.planning.needs_model import LAST_LAYER, NeedsModel

RANK: Final = 16
ROUNDS: Final = 7
_LOUDNESS: Final = 2.0
_BATCH: Final = 32
_THIN_STEP: Final = 1.5e-3
_HEAD_STEP: Final = 3e-3
_WARM_UP: Final = 0.1
_SMOOTHING: Final = 0.03
_LEFT_OUT: Final = 0.1
_RULES_UNHEARD: Final = 0.3
"""How often the rules say nothing, so that the model learns to read for itself."""
_LONGEST: Final = 96


@dataclass(frozen=True)
class Lesson:
    """A question, what the rules make of it, and what is right."""

    text: str
    rules: Floats
    classes: tuple[int, ...]


def taught(
    lessons: Sequence[Lesson], folder: Path, *, seed: int = 1, rounds: int = ROUNDS
) -> NeedsModel:
    """Learn from every lesson, each said a little differently in every round."""
    import torch  # noqa: PLC0415 - only training needs it

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    pupil = _Pupil.of(folder)
    steps = rounds * math.ceil(len(lessons) / _BATCH)
    optimizer = torch.optim.AdamW(pupil.groups(), weight_decay=0.01)
    pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
    for _ in range(rounds):
        ids = [pupil.tokens(varied(one.text, chance)) for one in lessons]
        for rows in _batches(ids, chance):
            loss = pupil.loss([ids[row] for row in rows], [lessons[row] for row in rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(pupil.learning(), 1.0)
            optimizer.step()
            pace.step()
    return pupil.found()


def varied(text: str, chance: random.Random) -> str:
    """Say the same with another opening, without the last mark, in small letters, or mistyped."""
    if chance.random() < 0.2:
        text = text.lower()
    if chance.random() < 0.15:
        text = text.rstrip(".?! ")
    if chance.random() < 0.1:
        text = chance.choice(("Please ", "Hi, ", "Hello, ", "ok ")) + text
    if chance.random() < 0.15 and len(text) > 12:
        at = chance.randrange(1, len(text) - 2)
        swapped = text[at + 1] + text[at] if chance.random() < 0.5 else text[at + 1]
        text = text[:at] + swapped + text[at + 2 :]
    return text


def _pace(step: int, steps: int) -> float:
    rising = step / (_WARM_UP * steps)
    return min(1.0, rising) * max(0.02, 1 - step / steps)


def _batches(ids: Sequence[Sequence[int]], chance: random.Random) -> list[list[int]]:
    """Texts of about the same length together."""
    rows = list(range(len(ids)))
    chance.shuffle(rows)
    rows.sort(key=lambda row: len(ids[row]) // 6)
    batches = [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)]
    chance.shuffle(batches)
    return batches


@dataclass(frozen=True)
class _Pupil:
    """The sentence model in torch with what learns beside and above it."""

    tokenizer: Any
    model: Any
    thin: dict[str, Any]
    head: Any

    @staticmethod
    def of(folder: Path) -> "_Pupil":
        import torch  # noqa: PLC0415 - only training needs it
        from tokenizers import Tokenizer  # noqa: PLC0415
        from transformers import AutoModel  # noqa: PLC0415

        tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_truncation(_LONGEST)
        tokenizer.no_padding()
        untyped: Any = AutoModel
        model = untyped.from_pretrained(str(folder), dtype=torch.bfloat16)
        model.requires_grad_(requires_grad=False)
        thin: dict[str, Any] = {}
        for name, where in LINEAR.items():
            thin |= _beside([one.get_submodule(where) for one in model.encoder.layer], name)
        head = torch.nn.Linear(LAST_LAYER + FEATURES, sum(HEADS))
        torch.nn.init.normal_(head.weight, std=0.02)
        torch.nn.init.zeros_(head.bias)
        return _Pupil(tokenizer, model.train(), thin, head)

    def tokens(self, text: str) -> list[int]:
        return self.tokenizer.encode(text).ids

    def learning(self) -> list[Any]:
        return [*self.thin.values(), *self.head.parameters()]

    def groups(self) -> list[dict[str, Any]]:
        return [
            {"params": list(self.thin.values()), "lr": _THIN_STEP},
            {"params": list(self.head.parameters()), "lr": _HEAD_STEP},
        ]

    def loss(self, ids: Sequence[Sequence[int]], lessons: Sequence[Lesson]) -> Any:
        import torch  # noqa: PLC0415 - only training needs it

        longest = max(map(len, ids))
        given = torch.tensor([[*one, *[0] * (longest - len(one))] for one in ids])
        there = torch.tensor([[1.0] * len(one) + [0.0] * (longest - len(one)) for one in ids])
        said = self.model(given, there.long()).last_hidden_state.float()
        mean = (said * (there / there.sum(1, keepdim=True)).unsqueeze(-1)).sum(1)
        meaning = torch.nn.functional.dropout(torch.cat([mean, said[:, 0]], 1), _LEFT_OUT)
        heard = (torch.rand(len(ids), 1) > _RULES_UNHEARD).float()
        rules = torch.tensor(np.array([one.rules for one in lessons])) * heard
        scores = self.head(torch.cat([meaning, rules], 1)).split(HEADS, 1)
        wanted = torch.tensor([one.classes for one in lessons])
        return sum(
            torch.nn.functional.cross_entropy(one, wanted[:, at], label_smoothing=_SMOOTHING)
            for at, one in enumerate(scores)
        )

    def found(self) -> NeedsModel:
        arrays = {name: one.detach().numpy() for name, one in self.thin.items()}
        louder = {
            name: one * (_LOUDNESS if name.startswith("down") else 1)
            for name, one in arrays.items()
        }
        weights, bias = (one.detach().numpy() for one in (self.head.weight, self.head.bias))
        return NeedsModel(Changes(louder), weights.T.copy(), bias.copy())


def _beside(matrices: Sequence[Any], name: str) -> dict[str, Any]:
    """Put two thin matrices beside the one of this name in every layer."""
    import torch  # noqa: PLC0415 - only training needs it

    rows, columns = matrices[0].in_features, matrices[0].out_features
    down = torch.nn.Parameter(torch.randn(len(matrices), rows, RANK) / math.sqrt(rows))
    up = torch.nn.Parameter(torch.zeros(len(matrices), RANK, columns))

    def louder(at: int) -> Any:
        def add(_module: Any, given: Any, said: Any) -> Any:
            return said + _LOUDNESS * (given[0] @ down[at].to(said.dtype) @ up[at].to(said.dtype))

        return add

    for at, matrix in enumerate(matrices):
        matrix.register_forward_hook(louder(at))
    return {f"down_{name}": down, f"up_{name}": up}
