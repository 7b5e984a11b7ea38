"""The trained part of the classifier: a few matrices, kept in a file that says how it was made."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.low_rank import Changes, thin_names
from graph.classification.wording import WORD_BUCKETS, Values, Wording
from kb_contract.errors import BadSetting

HERE: Final = Path(__file__).parent
MODEL_FILE: Final = HERE / "question_model.npz"
CARD_FILE: Final = HERE / "question_model.json"
TRAINING: Final = HERE / "training"
_CURE: Final = "install the package again, or run `python -m graph.classification.train`"


@dataclass(frozen=True)
class QuestionModel:
    """Two readings of a question, of its wording and of its meaning, and how to mix them."""

    rarity: Values
    """How much a bucket of wording counts."""
    wording: Values
    wording_rules: Values
    wording_bias: Values
    meaning: Values
    meaning_bias: Values
    mix: Values
    """Weight of wording and of meaning, where both are there; then of wording alone."""
    changes: Changes
    """Of the sentence model, without which the weights of meaning mean nothing."""

    def chances(self, wording: Wording, meaning: NDArray[Any] | None) -> Values:
        """Chance of each type; without the sentence model, by wording and rules alone."""
        scores = self.wording_scores(wording)
        if meaning is None:
            return softmax(scores * self.mix[2])
        said = self.meaning_scores(meaning)
        return softmax(scores * self.mix[0] + said * self.mix[1])

    def wording_scores(self, wording: Wording) -> Values:
        weighed = wording.counts * self.rarity[wording.buckets]
        of_words = wording.buckets < WORD_BUCKETS
        weighed[of_words] /= np.linalg.norm(weighed[of_words]) or 1.0
        weighed[~of_words] /= np.linalg.norm(weighed[~of_words]) or 1.0
        rules = wording.rules @ self.wording_rules
        return weighed @ self.wording[wording.buckets] + rules + self.wording_bias

    def meaning_scores(self, meaning: NDArray[Any]) -> Values:
        return meaning.astype(np.float64) @ self.meaning + self.meaning_bias

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as it is kept in the file; half precision is enough for what is large."""
        own = {name: getattr(self, name) for name in _OWN}
        large = {name: own.pop(name) for name in ("rarity", "wording", "meaning")}
        small = {name: one.astype(np.float32) for name, one in own.items()}
        halves = {**large, **self.changes.thin}
        return small | {name: one.astype(np.float16) for name, one in halves.items()}

    @staticmethod
    def of(arrays: Mapping[str, NDArray[Any]]) -> "QuestionModel":
        """Read what `arrays` made."""
        own = {name: arrays[name].astype(np.float64) for name in _OWN}
        return QuestionModel(**own, changes=Changes({name: arrays[name] for name in thin_names()}))


_OWN: Final = tuple(one.name for one in fields(QuestionModel) if one.name != "changes")


@dataclass(frozen=True)
class ModelCard:
    """How a model was made and what it was measured at."""

    model_sha256: str
    training_sha256: str
    questions: int
    encoder: str
    encoder_sha256: str
    figures: Mapping[str, Any]


def softmax(scores: Values) -> Values:
    """Scores as chances."""
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def save_model(model: QuestionModel, card: Mapping[str, Any], folder: Path = HERE) -> ModelCard:
    """Write the model and its card."""
    data = io.BytesIO()
    arrays: dict[str, Any] = model.arrays()
    np.savez_compressed(data, **arrays)
    written = ModelCard(model_sha256=hashlib.sha256(data.getvalue()).hexdigest(), **card)
    (folder / MODEL_FILE.name).write_bytes(data.getvalue())
    text = json.dumps(asdict(written), indent=2, sort_keys=True)
    (folder / CARD_FILE.name).write_text(f"{text}\n", "utf-8")
    return written


def load_card(folder: Path = HERE) -> ModelCard:
    """Read how the model was made."""
    try:
        return ModelCard(**json.loads((folder / CARD_FILE.name).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting(str(error), where=str(folder / CARD_FILE.name), cure=_CURE) from error


def load_model(folder: Path = HERE) -> QuestionModel:
    """Read the model; other bytes than those of its card are refused."""
    card, file = load_card(folder), folder / MODEL_FILE.name
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != card.model_sha256:
        raise BadSetting(
            "the trained classifier is not that of its card", where=str(file), cure=_CURE
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return QuestionModel.of(arrays)


def training_files(folder: Path = TRAINING) -> list[Path]:
    """The labelled questions, file by file."""
    return sorted(folder.glob("*.jsonl"))


def training_digest(folder: Path = TRAINING) -> str:
    """Digest of every byte that the model was trained on."""
    digest = hashlib.sha256()
    for file in training_files(folder):
        digest.update(f"{file.name}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
