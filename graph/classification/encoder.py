"""The sentence model in NumPy, changed a little by training so that it tells what a question wants.

The vectors that retrieval uses tell what a text is about, which is another thing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from graph.classification.low_rank import LAYERS, LINEAR, Changes, Floats
from graph.classification.pieces import Pieces

MEANS_OF: Final = (4, 6)
FIRST_TOKENS_OF: Final = (6,)
_NORMS: Final = {"after_attention": "attention.output.LayerNorm", "after_layer": "output.LayerNorm"}
_EPSILON: Final = 1e-12


@cache
def _one_thread() -> None:
    """Questions are short: threads of BLAS bring little, and wait for each other where cores are busy."""
    threadpool_limits(limits=1, user_api="blas")


@dataclass(frozen=True)
class Encoder:
    """Loads at the first text; then some milliseconds for a question."""

    folder: Path
    """A BERT model of sentence-transformers with six layers."""
    changes: Changes | None = None
    """What training adds to its matrices; they are merged when it loads."""
    means_of: tuple[int, ...] = MEANS_OF
    first_tokens_of: tuple[int, ...] = FIRST_TOKENS_OF

    def encode(self, text: str) -> Floats:
        """Return means over the tokens and first tokens, of the layers that are named above."""
        _one_thread()
        ids = np.asarray(self._pieces.ids(text), dtype=np.int64)
        words, places, kind, norm = self._embeddings
        hidden = _normed(words[ids].astype(np.float32) + places[: len(ids)] + kind, norm)
        said: list[Floats] = []
        for layer in self._layers:
            hidden = _through(layer, hidden, self._heads)
            said.append(hidden)
        means = [said[number - 1].mean(axis=0) for number in self.means_of]
        return np.concatenate([*means, *(said[number - 1][0] for number in self.first_tokens_of)])

    def ready(self) -> "Encoder":
        """Load what is needed, and let go of the rest."""
        _ = self._pieces, self._embeddings, self._layers, self._heads
        self.__dict__.pop("_weights", None)
        return self

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces.of(self.folder)

    @cached_property
    def _weights(self) -> dict[str, Floats]:
        import safetensors.numpy  # noqa: PLC0415 - only those who classify pay

        files: Any = safetensors.numpy
        return files.load_file(self.folder / "model.safetensors")

    @cached_property
    def _heads(self) -> int:
        config: dict[str, Any] = json.loads((self.folder / "config.json").read_text("utf-8"))
        return int(config["num_attention_heads"])

    @cached_property
    def _embeddings(self) -> tuple[NDArray[np.float16], Floats, Floats, tuple[Floats, Floats]]:
        found = self._weights
        names = (
            f"embeddings.{one}_embeddings.weight" for one in ("word", "position", "token_type")
        )
        words, places, kinds = (found[name] for name in names)
        # Half the memory; the fourth decimal of a word's numbers decides nothing.
        return (
            words.astype(np.float16),
            places.copy(),
            kinds[0].copy(),
            _norm_of(found, "embeddings.LayerNorm"),
        )

    @cached_property
    def _layers(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self._layer(number) for number in range(LAYERS))

    def _layer(self, number: int) -> Mapping[str, Any]:
        found, place = self._weights, f"encoder.layer.{number}"
        norms = {name: _norm_of(found, f"{place}.{where}") for name, where in _NORMS.items()}
        linear: dict[str, tuple[Floats, Floats]] = {}
        for name, where in LINEAR.items():
            matrix = np.ascontiguousarray(found[f"{place}.{where}.weight"].T)
            if self.changes is not None:
                matrix += self.changes.of(number, name)
            linear[name] = (matrix, found[f"{place}.{where}.bias"].copy())
        return {**norms, **linear}


def _norm_of(found: Mapping[str, Floats], where: str) -> tuple[Floats, Floats]:
    return found[f"{where}.weight"].copy(), found[f"{where}.bias"].copy()


def _through(layer: Mapping[str, Any], hidden: Floats, heads: int) -> Floats:
    """One layer of BERT."""
    tokens, width = hidden.shape
    size = width // heads
    query, key, value = (
        _linear(layer[name], hidden).reshape(tokens, heads, size).transpose(1, 0, 2)
        for name in ("query", "key", "value")
    )
    weights = _softmax(query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(size)))
    seen = (weights @ value).transpose(1, 0, 2).reshape(tokens, width)
    hidden = _normed(hidden + _linear(layer["mixed"], seen), layer["after_attention"])
    inner = _gelu(_linear(layer["wide"], hidden))
    return _normed(hidden + _linear(layer["narrow"], inner), layer["after_layer"])


def _linear(weights: tuple[Floats, Floats], given: Floats) -> Floats:
    return given @ weights[0] + weights[1]


def _normed(given: Floats, weights: tuple[Floats, Floats]) -> Floats:
    off = given - given.mean(axis=-1, keepdims=True)
    spread = np.sqrt((off * off).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return off / spread * weights[0] + weights[1]


def _softmax(given: Floats) -> Floats:
    raised = np.exp(given - given.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _gelu(given: Floats) -> Floats:
    """GELU by a polynomial for erf (Abramowitz and Stegun 7.1.26: wrong by less than 2e-7)."""
    z = np.abs(given) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))
    )
    erf = np.sign(given) * (1 - series * np.exp(-z * z))
    return np.asarray(given * (1 + erf) / 2, dtype=np.float32)
