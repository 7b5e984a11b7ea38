"""A trained reading of what a plan consists of: how likely each outline is that plans have had."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.classifier import Classification
from graph.classification.encoder import Encoder
from graph.classification.low_rank import Changes, thin_names
from graph.planning.needs_labels import (
    SHAPES,
    Floats,
    Outline,
    features_of,
    marks_of,
    type_features_of,
)
from kb_contract.errors import BadSetting

HERE: Final = Path(__file__).parent
MODEL_FILE: Final = "needs_model.npz"
CARD_FILE: Final = "needs_model.json"
MEANS_OF: Final = (4, 6)
FIRST_TOKENS_OF: Final = (6,)
_CURE: Final = "python -m graph.planning.train"


@dataclass(frozen=True)
class NeedsModel:
    """One layer of weights over what the tuned sentence model, the rules and the classifier say."""

    said: Floats
    rules: Floats
    types: Floats
    bias: Floats
    outlines: NDArray[np.int8]
    """Every outline that a plan has had: its counts, and the number of its shape."""
    habit: Floats
    """How much it counts that such plans are common."""
    agreement: Floats
    """How much it counts that the rules say the same: one number."""
    changes: Changes
    """Of the sentence model, without which the weights mean nothing."""

    def read(
        self, meaning: Floats, rules: Outline, classification: Classification | None = None
    ) -> "Reading":
        """Chances out of what the sentence model says, what the rules say, and the type's chances."""
        scores = meaning @ self.said + features_of(rules) @ self.rules + self.bias
        scores += type_features_of(classification) @ self.types
        fits = dict(zip(self.known, self._marks @ scores + self.habit, strict=True))
        own = rules.clipped()
        # What nobody ever planned is as rare as what was planned once.
        fits.setdefault(own, marks_of(own) @ scores + self.habit.min())
        fits[own] += float(self.agreement[0])
        return Reading(_chances(fits))

    @cached_property
    def known(self) -> tuple[Outline, ...]:
        rows: list[list[int]] = self.outlines.tolist()
        return tuple(Outline(tuple(counts), SHAPES[shape]) for *counts, shape in rows)

    @cached_property
    def _marks(self) -> Floats:
        return np.array([marks_of(one) for one in self.known])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as it is kept in the file; half precision is enough for what is learnt."""
        own: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _OWN}
        halves = {**own, **self.changes.thin}
        small = {name: one.astype(np.float16) for name, one in halves.items()}
        return {**small, "outlines": self.outlines}

    @staticmethod
    def of(arrays: Mapping[str, NDArray[Any]]) -> "NeedsModel":
        """Read what `arrays` made."""
        own: dict[str, Any] = {name: arrays[name].astype(np.float32) for name in _OWN}
        own["outlines"] = arrays["outlines"]
        return NeedsModel(**own, changes=Changes({name: arrays[name] for name in thin_names()}))


_OWN: Final = tuple(
    one.name for one in fields(NeedsModel) if one.name not in {"changes", "outlines"}
)


def sentence_model(folder: Path, changes: Changes) -> Encoder:
    """The sentence model as the reading hears it."""
    return Encoder(folder, changes, means_of=MEANS_OF, first_tokens_of=FIRST_TOKENS_OF).ready()


@dataclass(frozen=True)
class Reading:
    """The chance of every outline."""

    chances: Mapping[Outline, float]

    def action(self) -> float:
        """Chance that something in the world is to be changed."""
        return sum(chance for one, chance in self.chances.items() if one.count("action"))

    def greeting(self) -> float:
        """Chance that nothing is asked at all."""
        return sum(chance for one, chance in self.chances.items() if one.shape == "direct")

    def looks_once(self) -> bool:
        """Whether a look at one thing, or none, is likeliest."""
        return sum(max(self.chances, key=lambda one: self.chances[one]).counts) <= 1

    def best(
        self, *, acts: bool, greets: bool, sides: int = 0,
        allowed: Callable[[Outline], bool] = bool,
    ) -> Outline:  # fmt: skip
        """The likeliest outline with a deed, or without one; none without steps unless it greets.

        So many `sides` as the words name are looked up alike: once each, or twice.
        """
        fitting = {
            one: chance
            for one, chance in self.chances.items()
            if (one.count("action") > 0) == acts
            and (one.shape == "direct") <= greets
            and one.alike(sides)
        }
        wanted = [one for one in fitting if allowed(one)] or list(fitting)
        return max(wanted, key=lambda one: fitting[one])


@dataclass(frozen=True)
class NeedsCard:
    """How the model was made, and how good it is on questions of authors that it did not see."""

    model_sha256: str
    training_sha256: str
    questions: int
    encoder: str
    encoder_sha256: str
    asks_from: float
    """Chance of an action from which a person is asked."""
    figures: dict[str, Any] = field(default_factory=dict[str, Any])


def _chances(fits: Mapping[Outline, float]) -> dict[Outline, float]:
    most = max(fits.values())
    raised = {one: float(np.exp(fit - most)) for one, fit in fits.items()}
    total = sum(raised.values())
    return {one: value / total for one, value in raised.items()}


def save(model: NeedsModel, folder: Path, **card: Any) -> NeedsCard:
    """Write the arrays and their card."""
    data = io.BytesIO()
    arrays: dict[str, Any] = model.arrays()
    np.savez_compressed(data, **arrays)
    written = NeedsCard(hashlib.sha256(data.getvalue()).hexdigest(), **card)
    (folder / MODEL_FILE).write_bytes(data.getvalue())
    text = json.dumps(asdict(written), sort_keys=True, indent=1)
    (folder / CARD_FILE).write_text(f"{text}\n", "utf-8")
    return written


def load_card(folder: Path = HERE) -> NeedsCard:
    """Read how the model was made."""
    try:
        return NeedsCard(**json.loads((folder / CARD_FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting(str(error), where=str(folder / CARD_FILE), cure=_CURE) from error


def load(folder: Path = HERE) -> NeedsModel:
    """Read the arrays; others than those of the card are refused."""
    file = folder / MODEL_FILE
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != load_card(folder).model_sha256:
        raise BadSetting("the planner's model is not that of its card", where=str(file), cure=_CURE)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return NeedsModel.of(arrays)


def training_digest(folder: Path) -> str:
    """Digest of every line that the model is trained on."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.jsonl")):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()
