"""Sets what several steps found side by side, and points at the numbers that differ."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.step_results import missing_inputs, step_result
from graph.citations.claims import led_by, numbers, without_repeats
from graph.citations.disagreements import disagreements
from graph.ports import AgentTask
from graph.state import Claim, Passage, StepResult

MOST_CLAIMS_A_SIDE: Final = 4
_WORDS_OF_A_NAME: Final = 6
_DETERMINER: Final = re.compile(r"^(?:the|our|your|its|their|a|an)\s+", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"\?|^(?:how|what|which|who|whose|when|where|why|is|are|does|do|did|can|may|must|should)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Comparison:
    """Shows each side in its own words; it never averages and never chooses."""

    async def __call__(self, task: AgentTask) -> StepResult:
        sides = {step: one for step, one in task.inputs.items() if one["claims"]}
        if not sides:
            return step_result(task, "nothing_found", "There is nothing to compare.")
        names = _names(list(sides.values()))
        claims = [
            claim
            for one, name in zip(sides.values(), names, strict=True)
            for claim in _side(one, name)
        ]
        passages = [passage for one in sides.values() for passage in one["passages"]]
        differences = _differences(claims, passages)
        data: dict[str, Any] = {
            "sides": [_row(step, one) for step, one in sides.items()],
            "differences": differences,
            "missing": missing_inputs(task),
        }
        text = "\n".join([*(claim["text"] for claim in claims), *differences])
        return step_result(task, "done", text, claims=without_repeats(claims), data=data)


def _names(sides: Sequence[StepResult]) -> list[str]:
    """Call each side by what was looked up, else by who found it; where all are called alike, by nothing."""
    looked_up = [_thing(str(one["data"].get("asked", ""))) for one in sides]
    if all(looked_up) and len(set(looked_up)) > 1:
        return looked_up
    found_by = [_name(one["agent_id"]) for one in sides]
    return found_by if len(set(found_by)) > 1 else [""] * len(sides)


def _thing(question: str) -> str:
    """Return the thing itself, where no more than its name was looked up."""
    plain = _DETERMINER.sub("", question.partition(" (")[0].strip())
    short = 0 < len(plain.split()) <= _WORDS_OF_A_NAME and not _ASKS.search(question)
    return plain[:1].upper() + plain[1:] if short else ""


def _side(side: StepResult, name: str) -> list[Claim]:
    before = f"{name}: " if name else ""
    return [led_by(before, claim) for claim in side["claims"][:MOST_CLAIMS_A_SIDE]]


def _row(step: str, side: StepResult) -> dict[str, Any]:
    texts = [claim["text"] for claim in side["claims"][:MOST_CLAIMS_A_SIDE]]
    said = sorted(set[str]().union(*(numbers(text) for text in texts)))
    return {"step": step, "agent_id": side["agent_id"], "says": texts, "numbers": said}


def _differences(claims: Sequence[Claim], passages: Sequence[Passage]) -> list[str]:
    found, _ = disagreements(claims, passages)
    return [f"These differ: {' against '.join(one['values'])}." for one in found]


def _name(agent_id: str) -> str:
    return agent_id.replace("_", " ").replace("-", " ").capitalize()
