"""Figures for plans of labelled questions; pure functions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.planning.dependencies import before, cycle_in, waits_of
from graph.planning.workflow_plan import WorkflowPlan

Waiting = Counter[tuple[str, str]]
"""How often a step of one capability waits for one of another."""


@dataclass(frozen=True)
class LabelledPlan:
    """A line of plan_*.jsonl, as far as it is scored."""

    query: str
    shape: str
    capabilities: Mapping[str, int]
    needs_approval: bool
    forbidden: tuple[str, ...] = ()
    waiting: Waiting | None = None
    """None where the line does not say who waits for whom."""
    style: str = ""

    @staticmethod
    def of(row: Mapping[str, Any]) -> "LabelledPlan":
        return LabelledPlan(
            query=str(row["query"]),
            shape=str(row["shape"]),
            capabilities={str(name): int(count) for name, count in row["capabilities"].items()},
            needs_approval=bool(row["needs_approval"]),
            forbidden=tuple(row.get("forbidden") or ()),
            waiting=_labelled_waiting(row) if {"steps", "edges"} <= row.keys() else None,
            style=str(row.get("style") or ""),
        )


Pairs = Sequence[tuple[LabelledPlan, WorkflowPlan]]


def plan_figures(pairs: Pairs) -> dict[str, Any]:
    """Shares of plans that are right in each respect, in all and by style, and approvals that are not."""
    styles: defaultdict[str, list[tuple[LabelledPlan, WorkflowPlan]]] = defaultdict(list)
    for wanted, made in pairs:
        styles[wanted.style].append((wanted, made))
    asked = [(wanted.needs_approval, made.requires_approval) for wanted, made in pairs]
    return {
        **_shares(pairs),
        "missed_approvals": sum(wanted and not made for wanted, made in asked),
        "needless_approvals": sum(made and not wanted for wanted, made in asked),
        "by_style": {name: _shares(some) for name, some in sorted(styles.items()) if name},
    }


def _shares(pairs: Pairs) -> dict[str, Any]:
    marks = [plan_marks(wanted, made) for wanted, made in pairs]
    drawn = [
        _waiting(made, wanted) == wanted.waiting
        for wanted, made in pairs
        if wanted.waiting is not None
    ]
    return {
        "all": _share([all(one.values()) for one in marks]),
        **{
            name: _share([one[name] for one in marks])
            for name in ("shape", "capabilities", "approval")
        },
        **({"edges": _share(drawn)} if drawn else {}),
        "n": len(marks),
    }


def plan_marks(wanted: LabelledPlan, made: WorkflowPlan) -> dict[str, bool]:
    """Mark one plan; a forbidden capability spoils the capabilities."""
    used = Counter(_kinds(made, wanted).values())
    clean = not any(used[name] for name in wanted.forbidden)
    return {
        "shape": made.shape == wanted.shape,
        "capabilities": clean and dict(used) == dict(wanted.capabilities),
        "approval": made.requires_approval == wanted.needs_approval,
    }


def _kinds(made: WorkflowPlan, wanted: LabelledPlan) -> dict[str, str]:
    """Name what each step does; to look in the catalogue is to look up, where the label knows no catalogue."""
    told_apart = "catalogue" in wanted.capabilities
    named = {step.step_id: str(step.capability) for step in made.steps}
    return {
        step: "knowledge" if name == "catalogue" and not told_apart else name
        for step, name in named.items()
    }


def _waiting(made: WorkflowPlan, wanted: LabelledPlan) -> Waiting:
    return _by_capability(waits_of(made.steps), _kinds(made, wanted))


def _labelled_waiting(row: Mapping[str, Any]) -> Waiting:
    kinds = {str(step["id"]): str(step["capability"]) for step in row["steps"]}
    waits = {one: tuple(first for first, then in row["edges"] if then == one) for one in kinds}
    if ring := cycle_in(waits):
        raise ValueError(f"these wait for each other: {', '.join(ring)}")
    return _by_capability(waits, kinds)


def _by_capability(waits: Mapping[str, Sequence[str]], kinds: Mapping[str, str]) -> Waiting:
    """Count direct dependencies; one that follows from others counts for nothing, drawn or not."""
    earlier = before(waits)
    return Counter(
        (kinds[first], kinds[then])
        for then, needed in waits.items()
        for first in needed
        if first in kinds and not any(first in earlier[one] for one in needed if one in kinds)
    )


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 4) if right else 0.0


def plan_mistakes(pairs: Pairs) -> list[dict[str, Any]]:
    """Everything that was wrong: missed approvals first, then needless ones, then the rest."""
    found: list[tuple[int, dict[str, Any]]] = []
    for wanted, made in pairs:
        wrong = [name for name, right in plan_marks(wanted, made).items() if not right]
        if not wrong:
            continue
        missed = wanted.needs_approval and not made.requires_approval
        rank = 0 if missed else 1 if "approval" in wrong else 2
        what = ("missed approval", "needless approval", f"wrong {', '.join(wrong)}")[rank]
        got = Counter(_kinds(made, wanted).values())
        found.append((rank, {
            "what": what, "query": wanted.query,
            "wanted": {"shape": wanted.shape, "capabilities": dict(wanted.capabilities)},
            "got": {"shape": made.shape, "capabilities": dict(got)},
        }))  # fmt: skip
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]
