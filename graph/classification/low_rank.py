"""A small change of the sentence model's matrices: for each of them two thin ones to multiply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LAYERS: Final = 6
LINEAR: Final = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}
"""The matrices of a layer, by our name and by theirs."""


@dataclass(frozen=True)
class Changes:
    """What is added to every matrix of every layer."""

    thin: Mapping[str, NDArray[Any]]
    """`down_<name>` (layers, from, rank) and `up_<name>` (layers, rank, to)."""

    def of(self, layer: int, name: str) -> Floats:
        """What is added to the matrix that maps rows."""
        down, up = (self.thin[f"{way}_{name}"][layer].astype(np.float32) for way in ("down", "up"))
        return down @ up


def thin_names() -> tuple[str, ...]:
    """Names of all arrays of a change."""
    return tuple(f"{way}_{name}" for name in LINEAR for way in ("down", "up"))
