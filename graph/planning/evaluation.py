"""Figures for classification on labelled questions; pure functions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.classification.classifier import Classification
from graph.classification.query_type import QUERY_TYPES

_BINS: Final = 10


@dataclass(frozen=True)
class LabelledQuestion:
    """A line of classify_*.jsonl."""

    text: str
    label: str
    also_ok: tuple[str, ...] = ()

    @staticmethod
    def of(row: Mapping[str, Any]) -> "LabelledQuestion":
        return LabelledQuestion(
            str(row["text"]), str(row["label"]), tuple(row.get("also_ok") or ())
        )

    def accepts(self, said: str) -> bool:
        return said == self.label or said in self.also_ok


def classification_figures(
    pairs: Sequence[tuple[LabelledQuestion, Classification]],
) -> dict[str, Any]:
    """Accuracy in all and by type, who was taken for whom, and how honest the confidence is."""
    confusion: dict[str, Counter[str]] = {kind: Counter() for kind in QUERY_TYPES}
    right: Counter[str] = Counter()
    for wanted, said in pairs:
        accepted = wanted.accepts(said.query_type)
        right[wanted.label] += accepted
        row = confusion.setdefault(wanted.label, Counter())
        row[wanted.label if accepted else said.query_type] += 1
    return {
        "accuracy": _share(sum(right.values()), len(pairs)),
        "n": len(pairs),
        "per_class": {
            kind: {
                "precision": _share(row[kind], sum(other[kind] for other in confusion.values())),
                "recall": _share(right[kind], row.total()),
                "n": row.total(),
            }
            for kind, row in confusion.items()
        },
        "confusion": {kind: dict(row) for kind, row in confusion.items()},
        "calibration_error": calibration_error(
            [(said.confidence, wanted.accepts(said.query_type)) for wanted, said in pairs]
        ),
    }


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error over ten bins: confidence against how often it was right."""
    bins: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in pairs:
        bins[min(int(confidence * _BINS), _BINS - 1)].append((confidence, right))
    off = sum(
        abs(sum(one for one, _ in held) - sum(right for _, right in held)) for held in bins.values()
    )
    return round(off / len(pairs), 4) if pairs else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
