"""A trained reading of what a plan consists of: chances for every count of steps, and for the shape."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.encoder import Encoder
from graph.planning.needs_labels import HEADS, KINDS, SHAPES, Floats, Outline
from kb_contract.errors import BadSetting

HERE: Final = Path(__file__).parent
MODEL_FILE: Final = "needs_model.npz"
CARD_FILE: Final = "needs_model.json"
_MEANS_OF: Final = (3, 4, 5, 6)
_FIRST_TOKENS_OF: Final = (4, 6)
_CURE: Final = "python -m graph.planning.train"
_ACTION: Final = KINDS.index("action")
_SEEN_ONCE: Final = 0.5
_HABIT: Final = 0.1
"""How much it counts that such plans are common."""
_RULES: Final = 1.5
"""How much it counts that the rules say the same."""


@dataclass(frozen=True)
class NeedsModel:
    """Two layers of weights over what the sentence model says; the rules speak to the second."""

    centre: Floats
    spread: Floats
    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    def read(self, meaning: Floats, rules: Floats) -> "Reading":
        """Chances out of what the sentence model says and what the rules say."""
        given = (meaning - self.centre) / self.spread
        hidden = np.maximum(given @ self.inner + self.inner_bias, 0)
        scores = np.concatenate([hidden, rules]) @ self.outer + self.outer_bias
        return Reading(tuple(map(_log_chances, np.split(scores, np.cumsum(HEADS)[:-1]))))


def sentence_model(folder: Path) -> Encoder:
    """The sentence model as the reading hears it."""
    return Encoder(folder, means_of=_MEANS_OF, first_tokens_of=_FIRST_TOKENS_OF)


@dataclass(frozen=True)
class Reading:
    """Logarithms of the chances of each head's classes."""

    heads: Sequence[Floats]

    def of(self, outline: Outline) -> float:
        """How well an outline fits, on a scale of its own."""
        return float(
            sum(head[one] for head, one in zip(self.heads, outline.classes(), strict=True))
        )

    def action(self) -> float:
        """Chance that something in the world is to be changed."""
        return float(1 - np.exp(self.heads[_ACTION][0]))

    def greeting(self) -> float:
        """Chance that nothing is asked at all."""
        return float(np.exp(self.heads[-1][SHAPES.index("direct")]))

    def best(self, known: Mapping[Outline, int], rules: Outline) -> Outline:
        """The likeliest of the outlines that are known; common ones, and that of the rules, a little before."""

        def worth(one: Outline) -> float:
            habit = _HABIT * float(np.log(known[one] + _SEEN_ONCE))
            return self.of(one) + habit + (_RULES if one == rules else 0.0)

        return max(known, key=worth)


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
    outlines: list[Any] = field(default_factory=list[Any])
    """Outlines of the training questions: counts, shape, how often."""
    figures: dict[str, Any] = field(default_factory=dict[str, Any])

    def known(self) -> dict[Outline, int]:
        return {Outline(tuple(counts), shape): often for counts, shape, often in self.outlines}


def _log_chances(scores: Floats) -> Floats:
    off = scores - scores.max()
    return off - np.log(np.exp(off).sum())


def save(model: NeedsModel, folder: Path, **card: Any) -> NeedsCard:
    """Write the arrays and their card."""
    data = io.BytesIO()
    small = {one.name: getattr(model, one.name).astype(np.float16) for one in fields(NeedsModel)}
    np.savez_compressed(data, allow_pickle=False, **small)
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
        return NeedsModel(
            **{one.name: arrays[one.name].astype(np.float32) for one in fields(NeedsModel)}
        )


def training_digest(folder: Path) -> str:
    """Digest of every line that the model is trained on."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.jsonl")):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()
