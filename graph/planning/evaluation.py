"""Figures for classification and planning on labelled questions; pure functions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.classification.classifier import Classification
from graph.classification.query_type import QUERY_TYPES
from graph.planning.workflow_plan import WorkflowPlan

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


@dataclass(frozen=True)
class LabelledPlan:
    """A line of plan_*.jsonl, as far as it is scored."""

    query: str
    shape: str
    capabilities: Mapping[str, int]
    needs_approval: bool
    forbidden: tuple[str, ...] = ()

    @staticmethod
    def of(row: Mapping[str, Any]) -> "LabelledPlan":
        return LabelledPlan(
            query=str(row["query"]),
            shape=str(row["shape"]),
            capabilities={str(name): int(count) for name, count in row["capabilities"].items()},
            needs_approval=bool(row["needs_approval"]),
            forbidden=tuple(row.get("forbidden") or ()),
        )


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


def plan_figures(pairs: Sequence[tuple[LabelledPlan, WorkflowPlan]]) -> dict[str, Any]:
    """Shares of plans with the right shape, capabilities, approval, and all three."""
    marks = [plan_marks(wanted, made) for wanted, made in pairs]
    shares = {
        name: _share(sum(one[name] for one in marks), len(marks))
        for name in ("shape", "capabilities", "approval")
    }
    return {
        "all": _share(sum(all(one.values()) for one in marks), len(marks)),
        **shares,
        "n": len(marks),
    }


def plan_marks(wanted: LabelledPlan, made: WorkflowPlan) -> dict[str, bool]:
    """Mark one plan; a forbidden capability spoils the capabilities."""
    used = Counter(step.capability for step in made.steps)
    clean = not any(used[name] for name in wanted.forbidden)  # pyright: ignore[reportArgumentType]
    return {
        "shape": made.shape == wanted.shape,
        "capabilities": clean and dict(used) == dict(wanted.capabilities),
        "approval": made.requires_approval == wanted.needs_approval,
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def plan_mistakes(pairs: Sequence[tuple[LabelledPlan, WorkflowPlan]]) -> list[dict[str, Any]]:
    """Everything that was wrong: missed approvals first, then needless ones, then the rest."""
    found: list[tuple[int, dict[str, Any]]] = []
    for wanted, made in pairs:
        wrong = [name for name, right in plan_marks(wanted, made).items() if not right]
        if not wrong:
            continue
        missed = wanted.needs_approval and not made.requires_approval
        rank = 0 if missed else 1 if "approval" in wrong else 2
        what = ("missed approval", "needless approval", f"wrong {', '.join(wrong)}")[rank]
        got = Counter(step.capability for step in made.steps)
        found.append((rank, {
            "what": what, "query": wanted.query,
            "wanted": {"shape": wanted.shape, "capabilities": dict(wanted.capabilities)},
            "got": {"shape": made.shape, "capabilities": dict(got)},
        }))  # fmt: skip
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]
