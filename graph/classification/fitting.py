"""Fits the two linear readings of a question with scikit-learn; nothing of this runs at run time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.classification.encoder import Encoder
from graph.classification.labelled_texts import LabelledText
from graph.classification.query_type import QUERY_TYPES
from graph.classification.question_model import QuestionModel
from graph.classification.wording import (
    BUCKETS,
    WORD_BUCKETS,
    Values,
    Wording,
    ends_of,
    wording_of,
)

# How far the weights may go, and how loud each kind of evidence is; chosen on grouped folds.
_WORDING_FREEDOM: Final = 4.0
_WORDING_SCALE: Final = 1.5
_MEANING_FREEDOM: Final = 0.03
_RULES_SCALE: Final = 0.3
# The solver says that it could go on; the figures of the card are those of these rounds.
_ROUNDS: Final = 80
_LEAST_SPREAD: Final = 1e-3


@dataclass(frozen=True)
class Evidence:
    """What is known of each labelled question."""

    questions: tuple[LabelledText, ...]
    wordings: tuple[Wording, ...]
    meanings: NDArray[np.float32]

    def labels(self) -> list[int]:
        return [QUERY_TYPES.index(one.label) for one in self.questions]

    def rules(self) -> Values:
        return np.array([one.rules for one in self.wordings]) * _RULES_SCALE

    def part(self, rows: Sequence[int]) -> "Evidence":
        return Evidence(
            tuple(self.questions[row] for row in rows),
            tuple(self.wordings[row] for row in rows),
            self.meanings[list(rows)],
        )


def gathered(questions: Sequence[LabelledText], encoder: Encoder) -> Evidence:
    """Read every question as the classifier does."""
    return Evidence(
        tuple(questions),
        tuple(wording_of(one.text) for one in questions),
        np.array([encoder.encode(ends_of(one.text)) for one in questions]),
    )


def fitted(evidence: Evidence, mix: Values) -> QuestionModel:
    """Fit both readings."""
    rarity = _rarity(evidence.wordings)
    of_words, from_rules, bias = _fit(
        _matrix(evidence.wordings, rarity), evidence, _WORDING_FREEDOM
    )
    centre = evidence.meanings.mean(axis=0).astype(np.float64)
    spread = evidence.meanings.std(axis=0) + _LEAST_SPREAD
    parts = np.sqrt(evidence.meanings.shape[1] / 384)
    said = (evidence.meanings - centre) / spread / parts
    of_meaning, meaning_rules, meaning_bias = _fit(said, evidence, _MEANING_FREEDOM)
    return QuestionModel(
        rarity=rarity,
        wording=of_words * _WORDING_SCALE,
        wording_rules=from_rules,
        wording_bias=bias,
        centre=centre,
        spread=spread.astype(np.float64),
        meaning=of_meaning / parts,
        meaning_rules=meaning_rules,
        meaning_bias=meaning_bias,
        mix=mix,
    )


def _rarity(wordings: Sequence[Wording]) -> Values:
    seen = np.zeros(BUCKETS)
    for one in wordings:
        seen[one.buckets] += 1
    rarity = np.log((1 + len(wordings)) / (1 + seen)) + 1
    # What was never seen has no weight, but it still makes the rest of the question count less.
    return rarity.astype(np.float16).astype(np.float64)


def _matrix(wordings: Sequence[Wording], rarity: Values) -> Any:
    import scipy.sparse as untyped  # noqa: PLC0415 - only training needs it

    sparse: Any = untyped
    rows: list[Values] = []
    for one in wordings:
        weighed = one.counts * rarity[one.buckets]
        for part in (one.buckets < WORD_BUCKETS, one.buckets >= WORD_BUCKETS):
            weighed[part] /= np.linalg.norm(weighed[part]) or 1.0
        rows.append(weighed * _WORDING_SCALE)
    ends = np.cumsum([0, *(len(one.buckets) for one in wordings)])
    columns = np.concatenate([one.buckets for one in wordings])
    return sparse.csr_matrix((np.concatenate(rows), columns, ends), shape=(len(wordings), BUCKETS))


def _fit(given: Any, evidence: Evidence, freedom: float) -> tuple[Values, Values, Values]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only training needs it

    found: Any = LogisticRegression(C=freedom, max_iter=_ROUNDS)
    found.fit(_beside(given, evidence.rules()), evidence.labels())
    weights: Values = found.coef_.T
    return weights[:-5], weights[-5:] * _RULES_SCALE, found.intercept_


def _beside(given: Any, rules: Values) -> Any:
    import scipy.sparse as untyped  # noqa: PLC0415 - only training needs it

    sparse: Any = untyped
    if not sparse.issparse(given):
        return np.hstack([given, rules])
    return sparse.hstack([given, sparse.csr_matrix(rules)]).tocsr()
