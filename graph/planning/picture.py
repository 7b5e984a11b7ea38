"""A plan as a Mermaid picture."""

from typing import Final

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep

_LONGEST: Final = 60


def mermaid(plan: WorkflowPlan) -> str:
    """Draw steps as boxes, waits as arrows, and approvals as rounded boxes with a border."""
    # By number: ids may be words of Mermaid's own, or differ in their signs only.
    names = {step.step_id: f"step{number}" for number, step in enumerate(plan.steps, start=1)}
    lines = ["flowchart TD"]
    if not plan.steps:
        lines.append(f'  answer["{_said(plan.clarification or "answered directly")}"]')
    for step in plan.steps:
        lines.append(f"  {names[step.step_id]}{_box(step)}")
    for step in plan.steps:
        lines += [
            f"  {names[one]} --> {names[step.step_id]}" for one in step.depends_on if one in names
        ]
    held = [names[step.step_id] for step in plan.steps if step.requires_approval]
    if held:
        lines.append("  classDef approval stroke-width:3px,stroke-dasharray:4")
        lines.append(f"  class {','.join(held)} approval")
    return "\n".join(lines) + "\n"


def _box(step: WorkflowStep) -> str:
    asked = f"{_said(step.agent)} · {step.capability}<br/>{_said(step.question)}"
    if step.requires_approval:
        return f'(["{asked}<br/>waits for approval"])'
    return f'["{asked}"]'


def _said(text: str) -> str:
    """Words only: nothing that a person wrote may become a part of the picture's syntax."""
    plain = " ".join(text.split())
    cut = plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
    return "".join(f"#{ord(one)};" if one in '"<>#;&`[](){}|\\' else one for one in cut)
