"""What a plan consists of, as numbers that a model can learn: how many steps of each kind, which shape."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from graph.classification.classifier import Classification
from graph.classification.query_type import QUERY_TYPES
from graph.planning.dependencies import shape_of_waits
from graph.planning.sketch import Sketch
from graph.planning.workflow_plan import Shape
from kb_contract.agent_manifest import Capability

KINDS: Final[tuple[Capability, ...]] = (
    "knowledge", "tool", "calculation", "comparison", "reasoning", "action",
)  # fmt: skip
SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)
MOST: Final = (5, 2, 2, 1, 1, 2)
"""Counts that the model tells apart; more than that are told by the words."""
HEADS: Final = (*(most + 1 for most in MOST), len(SHAPES))
_SEEN_COUNTS: Final = 4
FEATURES: Final = len(KINDS) * _SEEN_COUNTS + len(SHAPES)
TYPE_FEATURES: Final = 2 * len(QUERY_TYPES)
# A type that is less likely than this is as good as ruled out.
_LEAST_CHANCE: Final = 1e-3
TRAINING: Final = Path(__file__).parent / "training"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Outline:
    """A plan without its words."""

    counts: tuple[int, ...]
    """Steps of each of KINDS."""
    shape: Shape

    def clipped(self) -> "Outline":
        """Return the outline with no more steps of a kind than the model tells apart."""
        counts = (min(count, most) for count, most in zip(self.counts, MOST, strict=True))
        return Outline(tuple(counts), self.shape)

    def classes(self) -> tuple[int, ...]:
        """Which class of each head this is."""
        return (*self.clipped().counts, SHAPES.index(self.shape))

    def count(self, kind: Capability) -> int:
        return self.counts[KINDS.index(kind)]

    def sides(self) -> int:
        """How many things are compared as they are read; 0 where something is measured or computed."""
        plain = self.count("comparison") and not self.count("tool") + self.count("calculation")
        return self.count("knowledge") if plain else 0

    def alike(self, sides: int) -> bool:
        """Whether a comparison of so many sides looks each up equally often."""
        if sides < 2 or not self.count("comparison") or self.count("tool"):
            return True
        return self.count("knowledge") % sides == 0


@dataclass(frozen=True)
class LabelledOutline:
    """A question with the outline that a careful planner gave it, and who wrote both."""

    query: str
    outline: Outline
    author: str


def outline_of(sketch: Sketch) -> Outline:
    """Outline of what the rules made; what asks for the stock looks something up as well."""
    kinds = [
        "knowledge" if one.capability == "catalogue" else one.capability for one in sketch.needs
    ]
    waits = {one.key: one.after for one in sketch.needs}
    shape = shape_of_waits(waits, acts="action" in kinds)
    return Outline(tuple(kinds.count(kind) for kind in KINDS), shape)


def features_of(outline: Outline) -> Floats:
    """What the rules made, as zeros and ones beside what the sentence model says."""
    counts = np.minimum(outline.counts, _SEEN_COUNTS - 1)
    told = np.eye(_SEEN_COUNTS, dtype=np.float32)[counts].ravel()
    shape = np.eye(len(SHAPES), dtype=np.float32)[SHAPES.index(outline.shape)]
    return np.concatenate([told, shape])


def type_features_of(classification: Classification | None) -> Floats:
    """Chances of the types and how small they are; zeros where they are not known."""
    if classification is None or not classification.alternatives:
        return np.zeros(TYPE_FEATURES, dtype=np.float32)
    known = {
        classification.query_type: classification.confidence,
        **dict(classification.alternatives),
    }
    chances = np.array([known.get(one, 0.0) for one in QUERY_TYPES], dtype=np.float32)
    small = 1 - np.log(np.maximum(chances, _LEAST_CHANCE)) / np.log(_LEAST_CHANCE)
    return np.concatenate([chances, small]).astype(np.float32)


def marks_of(outline: Outline) -> Floats:
    """One for each class that an outline is of, zeros for the others."""
    ones = [
        np.eye(size, dtype=np.float32)[one]
        for size, one in zip(HEADS, outline.classes(), strict=True)
    ]
    return np.concatenate(ones)


def read_labelled(folder: Path = TRAINING) -> tuple[LabelledOutline, ...]:
    """Read every line of the training files; the file's name says who wrote it."""
    return tuple(
        one for file in sorted(folder.glob("*.jsonl")) for one in _lines(file)
    )  # fmt: skip


def _lines(file: Path) -> Iterator[LabelledOutline]:
    author = file.stem.rsplit("_", 1)[0]
    for line in file.read_text("utf-8").splitlines():
        row: Mapping[str, Any] = json.loads(line)
        yield LabelledOutline(row["query"], _outline(row), author)


def _outline(row: Mapping[str, Any]) -> Outline:
    said: Mapping[str, int] = row["capabilities"]
    lookups = said.get("knowledge", 0) + said.get("catalogue", 0)
    others: Sequence[int] = [said.get(kind, 0) for kind in KINDS[1:]]
    return Outline((lookups, *others), row["shape"])
