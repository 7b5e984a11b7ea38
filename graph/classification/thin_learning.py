"""The sentence model in torch, frozen, with thin matrices that learn beside its own; while training only."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModel

from graph.classification.low_rank import LINEAR, Changes
from graph.classification.pieces import Pieces
from kb_contract.sentence_models.torch_model import computes_in_bfloat16

RANK: Final = 8
_LOUDNESS: Final = 2.0
_BATCH: Final = 32
# Batches of texts of about the same length, out of so many at a time: little is padded.
_SORTED_TOGETHER: Final = 24
_STEP: Final = 1.5e-3
_DECAY: Final = 0.01
_WARM_UP: Final = 0.08
_SMALLEST_STEP: Final = 0.02
_LONGEST_STEP: Final = 1.0


@dataclass(frozen=True)
class ThinStudent:
    """What learns are the thin matrices; what it says of texts is read by a head of the caller's."""

    pieces: Pieces
    model: Any
    thin: Mapping[str, Any]

    @staticmethod
    def of(folder: Path, start: Changes | None = None) -> "ThinStudent":
        """Begin with no change of the model of a folder, or with one that was learnt before."""
        untyped: Any = AutoModel
        numbers = torch.bfloat16 if computes_in_bfloat16() else torch.float32
        model = untyped.from_pretrained(str(folder), dtype=numbers).requires_grad_(
            requires_grad=False
        )
        thin: dict[str, Any] = {}
        for name, where in LINEAR.items():
            matrices = [layer.get_submodule(where) for layer in model.encoder.layer]
            thin |= _beside(matrices, name)
        for name, known in start.thin.items() if start else ():
            thin[name].data[:] = torch.tensor(known / _loudness(name))
        return ThinStudent(Pieces.of(folder), model.train(), thin)

    def says(
        self, ids: Sequence[Sequence[int]], means_of: Sequence[int], first_tokens_of: Sequence[int]
    ) -> Any:
        """Means over the tokens and first tokens of some layers, for a batch of texts."""
        longest = max(map(len, ids))
        given = torch.tensor([[*one, *[0] * (longest - len(one))] for one in ids])
        there = torch.tensor([[1.0] * len(one) + [0.0] * (longest - len(one)) for one in ids])
        said = self.model(given, there.long(), output_hidden_states=True).hidden_states
        share = (there / there.sum(1, keepdim=True)).unsqueeze(-1)
        means = [(said[number].float() * share).sum(1) for number in means_of]
        return torch.cat([*means, *(said[number][:, 0].float() for number in first_tokens_of)], 1)

    def changes(self) -> Changes:
        """What was learnt, as it is added to the matrices."""
        found = {name: one.detach().numpy() for name, one in self.thin.items()}
        return Changes({name: one * _loudness(name) for name, one in found.items()})


def _loudness(name: str) -> float:
    return _LOUDNESS if name.startswith("down") else 1.0


@dataclass(frozen=True)
class Steps:
    """Small steps downhill, with a warm-up and slower towards the end."""

    learning: Sequence[Any]
    optimizer: Any
    pace: Any

    @staticmethod
    def of(learning: Sequence[Any], texts: int, rounds: int) -> "Steps":
        optimizer = torch.optim.AdamW(learning, lr=_STEP, weight_decay=_DECAY)
        steps = rounds * math.ceil(texts / _BATCH)
        pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _pace(step, steps))
        return Steps(learning, optimizer, pace)

    def take(self, loss: Any) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learning, _LONGEST_STEP)
        self.optimizer.step()
        self.pace.step()


def _pace(step: int, steps: int) -> float:
    """Warm up, then slow down."""
    rising = (step + 1) / (_WARM_UP * steps)
    falling = (steps - step) / ((1 - _WARM_UP) * steps)
    return min(rising, max(_SMALLEST_STEP, falling))


def batches(ids: Sequence[Sequence[int]], chance: random.Random) -> list[list[int]]:
    """Shuffle rows into batches of about the same length."""
    order = list(range(len(ids)))
    chance.shuffle(order)
    many = _BATCH * _SORTED_TOGETHER
    found: list[list[int]] = []
    for first in range(0, len(order), many):
        near = sorted(order[first : first + many], key=lambda row: len(ids[row]))
        found.extend(near[at : at + _BATCH] for at in range(0, len(near), _BATCH))
    chance.shuffle(found)
    return found


def _beside(matrices: Sequence[Any], name: str) -> dict[str, Any]:
    """Put thin matrices beside those of the same name in every layer."""
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
