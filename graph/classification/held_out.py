"""Measures on questions that were not trained on: whole domains, or a whole author, are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.encoder import Encoder
from graph.classification.fitting import Evidence, fitted
from graph.classification.labelled_texts import LabelledText, by
from graph.classification.query_type import QUERY_TYPES
from graph.classification.question_model import softmax
from graph.classification.tuning import ROUNDS
from graph.classification.wording import Values, what_decides

_FEW: Final = 0.1
_DOMAIN_FOLDS: Final = 3
_UNMIXED: Final = np.ones(3)
_WEIGHTS: Final = np.linspace(0.1, 2.0, 20)
_BINS: Final = 10


@dataclass(frozen=True)
class HeldOut:
    """What a model says of questions that it was not trained on."""

    rows: tuple[int, ...]
    wording: Values
    meaning: Values

    def scores(self, mix: Values) -> Values:
        return self.wording * mix[0] + self.meaning * mix[1]

    @staticmethod
    def joined(parts: Sequence["HeldOut"]) -> "HeldOut":
        return HeldOut(
            tuple(row for one in parts for row in one.rows),
            np.concatenate([one.wording for one in parts]),
            np.concatenate([one.meaning for one in parts]),
        )


def folds_of(questions: Sequence[LabelledText]) -> dict[str, list[int]]:
    """Every author without whom enough is left to train on; whole domains where there is none."""
    authors = sorted(by(questions, "author").items())
    few = {author: rows for author, rows in authors if len(rows) <= len(questions) * _FEW}
    if few:
        return few
    shares = folds_by_domain(questions, _DOMAIN_FOLDS)
    return {f"domains_{number}": share for number, share in enumerate(shares, start=1)}


def folds_by_domain(questions: Sequence[LabelledText], count: int) -> list[list[int]]:
    """Share whole domains out among folds of about the same size."""
    folds: list[list[int]] = [[] for _ in range(count)]
    groups = sorted(by(questions, "domain").items(), key=lambda one: (-len(one[1]), one[0]))
    for _, rows in groups:
        min(folds, key=len).extend(rows)
    return folds


def held_out(evidence: Evidence, fold: Sequence[int], files: Path, rounds: int = ROUNDS) -> HeldOut:
    """Train without a fold, with all that training does, and classify the fold as it will be."""
    left_out = set(fold)
    kept = [row for row in range(len(evidence.questions)) if row not in left_out]
    model = fitted(evidence.part(kept), files, _UNMIXED, rounds)
    encoder = Encoder(files, model.changes).ready()
    texts = [what_decides(evidence.questions[row].text) for row in fold]
    return HeldOut(
        tuple(fold),
        np.array([model.wording_scores(evidence.wordings[row]) for row in fold]),
        np.array([model.meaning_scores(encoder.encode(text)) for text in texts]),
    )


def best_mix(questions: Sequence[LabelledText], wording: Values, meaning: Values) -> Values:
    """Weights under which what was right was likeliest; they calibrate as well."""
    right = np.array([[one.accepts(kind) for kind in QUERY_TYPES] for one in questions])
    both = min(
        (_loss(wording * one + meaning * two, right), one, two)
        for one in _WEIGHTS
        for two in _WEIGHTS
    )
    alone = min((_loss(wording * one, right), one) for one in _WEIGHTS)
    return np.array([both[1], both[2], alone[1]])


def _loss(scores: Values, right: Values) -> float:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances = (raised * right).sum(axis=1) / raised.sum(axis=1)
    return float(-np.log(np.maximum(chances, 1e-9)).mean())


def figures(questions: Sequence[LabelledText], scores: Values) -> dict[str, Any]:
    """Accuracy in all and by style, how honest the confidence is, and how many are unsure."""
    chances = np.array([softmax(row) for row in scores])
    confidence = chances.max(axis=1)
    right = np.array(
        [
            one.accepts(QUERY_TYPES[int(row.argmax())])
            for one, row in zip(questions, chances, strict=True)
        ]
    )
    styles = {name: right[rows].mean() for name, rows in sorted(by(questions, "style").items())}
    return {
        "n": len(questions),
        "accuracy": _rounded(right.mean()),
        "calibration_error": _rounded(_calibration_error(confidence, right)),
        "by_style": {name: _rounded(share) for name, share in styles.items()},
        "unsure": {
            str(limit): {
                "share": _rounded((confidence < limit).mean()),
                "right": _rounded(right[confidence < limit].mean())
                if (confidence < limit).any()
                else 0.0,
            }
            for limit in (0.4, 0.5, 0.6, 0.7, 0.8)
        },
    }


def _calibration_error(confidence: Values, right: Values) -> float:
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return sum(
        abs(float(confidence[bins == one].sum()) - float(right[bins == one].sum()))
        for one in range(_BINS)
    ) / len(right)


def _rounded(value: Any) -> float:
    return round(float(value), 4)
