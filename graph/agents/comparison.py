"""Sets what several steps found side by side, and points at the numbers that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.step_results import missing_inputs, step_result
from graph.citations.claims import numbers, without_repeats
from graph.citations.disagreements import disagreements
from graph.ports import AgentTask
from graph.state import Claim, Passage, StepResult

MOST_CLAIMS_A_SIDE: Final = 4


@dataclass(frozen=True)
class Comparison:
    """Shows each side in its own words; it never averages and never chooses."""

    async def __call__(self, task: AgentTask) -> StepResult:
        sides = {step: one for step, one in task.inputs.items() if one["claims"]}
        if not sides:
            return step_result(task, "nothing_found", "There is nothing to compare.")
        claims = [claim for one in sides.values() for claim in _side(one)]
        passages = [passage for one in sides.values() for passage in one["passages"]]
        differences = _differences(claims, passages)
        data: dict[str, Any] = {
            "sides": [_row(step, one) for step, one in sides.items()],
            "differences": differences,
            "missing": missing_inputs(task),
        }
        text = "\n".join([*(claim["text"] for claim in claims), *differences])
        return step_result(task, "done", text, claims=without_repeats(claims), data=data)


def _side(side: StepResult) -> list[Claim]:
    name = _name(side["agent_id"])
    return [
        {**claim, "text": f"{name}: {claim['text']}"}
        for claim in side["claims"][:MOST_CLAIMS_A_SIDE]
    ]


def _row(step: str, side: StepResult) -> dict[str, Any]:
    texts = [claim["text"] for claim in side["claims"][:MOST_CLAIMS_A_SIDE]]
    said = sorted(set[str]().union(*(numbers(text) for text in texts)))
    return {"step": step, "agent_id": side["agent_id"], "says": texts, "numbers": said}


def _differences(claims: Sequence[Claim], passages: Sequence[Passage]) -> list[str]:
    found, _ = disagreements(claims, passages)
    return [f"These differ: {' against '.join(one['values'])}." for one in found]


def _name(agent_id: str) -> str:
    return agent_id.replace("_", " ").replace("-", " ").capitalize()
