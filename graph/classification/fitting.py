"""Fits the linear reading of a question's wording with scikit-learn; nothing of this runs at run time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from graph.classification.labelled_texts import LabelledText
from graph.classification.query_type import QUERY_TYPES
from graph.classification.question_model import QuestionModel
from graph.classification.tuning import ROUNDS, tuned
from graph.classification.wording import BUCKETS, WORD_BUCKETS, Values, Wording, wording_of

# How far the weights may go, and how loud each kind of evidence is; chosen on grouped folds.
_FREEDOM: Final = 4.0
_SCALE: Final = 1.5
_RULES_SCALE: Final = 0.3
# The solver says that it could go on; the figures of the card are those of these rounds.
_SOLVER_ROUNDS: Final = 80


@dataclass(frozen=True)
class Evidence:
    """What is known of each labelled question."""

    questions: tuple[LabelledText, ...]
    wordings: tuple[Wording, ...]

    def labels(self) -> list[int]:
        return [QUERY_TYPES.index(one.label) for one in self.questions]

    def rules(self) -> Values:
        return np.array([one.rules for one in self.wordings]) * _RULES_SCALE

    def part(self, rows: Sequence[int]) -> "Evidence":
        return Evidence(
            tuple(self.questions[row] for row in rows), tuple(self.wordings[row] for row in rows)
        )


def gathered(questions: Sequence[LabelledText]) -> Evidence:
    """Read every question as the classifier does."""
    return Evidence(tuple(questions), tuple(wording_of(one.text) for one in questions))


def fitted(
    evidence: Evidence, sentence_model: Path, mix: Values, rounds: int = ROUNDS
) -> QuestionModel:
    """Fit the wording, and tune the sentence model."""
    rarity = _rarity(evidence.wordings)
    of_words, from_rules, bias = _fit(_matrix(evidence.wordings, rarity), evidence)
    found = tuned(evidence.questions, sentence_model, rounds=rounds)
    return QuestionModel(
        rarity=rarity,
        wording=of_words * _SCALE,
        wording_rules=from_rules,
        wording_bias=bias,
        meaning=found.head.astype(np.float64),
        meaning_bias=found.bias.astype(np.float64),
        mix=mix,
        changes=found.changes,
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
        rows.append(weighed * _SCALE)
    ends = np.cumsum([0, *(len(one.buckets) for one in wordings)])
    columns = np.concatenate([one.buckets for one in wordings])
    return sparse.csr_matrix((np.concatenate(rows), columns, ends), shape=(len(wordings), BUCKETS))


def _fit(given: Any, evidence: Evidence) -> tuple[Values, Values, Values]:
    import scipy.sparse as untyped  # noqa: PLC0415 - only training needs it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    sparse: Any = untyped
    found: Any = LogisticRegression(C=_FREEDOM, max_iter=_SOLVER_ROUNDS)
    beside = sparse.hstack([given, sparse.csr_matrix(evidence.rules())]).tocsr()
    found.fit(beside, evidence.labels())
    weights: Values = found.coef_.T
    return weights[:-5], weights[-5:] * _RULES_SCALE, found.intercept_
