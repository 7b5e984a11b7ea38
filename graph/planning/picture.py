"""A plan as a Mermaid picture, with how far each step is where that is known."""

from collections.abc import Mapping
from typing import Any, Final

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep

_LONGEST: Final = 60
_STYLES: Final = {
    "approval": "stroke-width:3px,stroke-dasharray:4", "done": "fill:#d7f0dd,stroke:#2b7a3d",
    "nothing_found": "fill:#eeeeee,stroke:#777777", "running": "fill:#dbe9ff,stroke:#2a5db0",
    "awaiting_approval": "fill:#fff2cc,stroke:#a67c00", "failed": "fill:#f8d7da,stroke:#a12632",
    "rejected": "fill:#f8d7da,stroke:#a12632", "skipped": "fill:#eeeeee,stroke:#777777",
}  # fmt: skip


def mermaid(plan: WorkflowPlan, states: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Draw steps as boxes, waits as arrows, and approvals as rounded boxes with a border.

    `states` has for each step its `status`, and its `seconds` once it ended.
    """
    # By number: ids may be words of Mermaid's own, or differ in their signs only.
    names = {step.step_id: f"step{number}" for number, step in enumerate(plan.steps, start=1)}
    states = states or {}
    lines = ["flowchart TD"]
    if not plan.steps:
        lines.append(f'  answer["{_said(plan.clarification or "answered directly")}"]')
    for step in plan.steps:
        lines.append(f"  {names[step.step_id]}{_box(step, states.get(step.step_id))}")
    for step in plan.steps:
        lines += [
            f"  {names[one]} --> {names[step.step_id]}" for one in step.depends_on if one in names
        ]
    return "\n".join([*lines, *_classes(plan, names, states)]) + "\n"


def _classes(
    plan: WorkflowPlan, names: Mapping[str, str], states: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    members: dict[str, list[str]] = {}
    for step in plan.steps:
        if step.requires_approval:
            members.setdefault("approval", []).append(names[step.step_id])
        status = str(states.get(step.step_id, {}).get("status", ""))
        if status in _STYLES:
            members.setdefault(status, []).append(names[step.step_id])
    lines: list[str] = []
    for style, steps in members.items():
        lines += [f"  classDef {style} {_STYLES[style]}", f"  class {','.join(steps)} {style}"]
    return lines


def _box(step: WorkflowStep, state: Mapping[str, Any] | None) -> str:
    asked = f"{_said(step.agent)} · {step.capability}<br/>{_said(step.question)}"
    if state is not None:
        seconds = state.get("seconds")
        took = f", {float(seconds):.1f} s" if seconds is not None else ""
        asked += f"<br/>{_said(str(state.get('status', '')).replace('_', ' '))}{took}"
    if step.requires_approval:
        waits = "" if state is not None else "<br/>waits for approval"
        return f'(["{asked}{waits}"])'
    return f'["{asked}"]'


def _said(text: str) -> str:
    """Words only: nothing that a person wrote may become a part of the picture's syntax."""
    plain = " ".join(text.split())
    cut = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    return "".join(f"#{ord(one)};" if one in '"<>#;&`[](){}|\\' else one for one in cut)
