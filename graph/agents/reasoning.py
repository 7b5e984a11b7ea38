"""Joins what other steps found."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph.agents.drafting import drafting
from graph.agents.step_results import missing_inputs, step_result
from graph.citations.claims import led_by, without_repeats
from graph.citations.model_claims import from_findings, prompt
from graph.ports import AgentTask, ChatModel
from graph.retrieval.answer_sentences import NEAR_BEST
from graph.state import Claim, StepResult, Usage

_WEIGHING: Final = re.compile(
    r"\b(?:pros?|cons?|advantages?|disadvantages?|risks?|benefits?|trade-?offs?|drawbacks?)\b",
    re.IGNORECASE,
)
_FOUND_NOTHING: Final = "The steps before this one found nothing."
_NO_TEXT: Final = "Only what documents say is written here, and this asks for none of them."
_SIDES: Final = ("", "For: ", "Against: ")
_IN_FAVOUR: Final = re.compile(
    r"\b(?:fast\w*|quick\w*|safe\w*|secure|better|best|cheap\w*|simpl\w*|eas\w*|helps?|allows?|saves?"
    r"|gains?|benefits?|advantages?|protects?|reduces?|improves?|reliabl\w*)\b",
    re.IGNORECASE,
)
_AGAINST: Final = re.compile(
    r"\b(?:not|never|cannot|can't|don't|without|but|however|risk\w*|fail\w*|los[est]\w*|slow\w*"
    r"|limit\w*|costs?|expensive|danger\w*|break\w*|only|refus\w*|penalt\w*|stale|wrong)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reasoning:
    """Without a model it sets the findings side by side, and weighs nothing that nobody wrote."""

    model: ChatModel | None = None

    async def __call__(self, task: AgentTask) -> StepResult:
        inputs = _answering(task.inputs)
        findings = without_repeats(claim for one in inputs for claim in one["claims"])
        if not findings:
            return step_result(task, "nothing_found", _FOUND_NOTHING if task.inputs else _NO_TEXT)
        data: dict[str, object] = {"written_by": "extraction", "missing": missing_inputs(task)}
        if self.model is not None:
            written = await from_findings(
                self.model,
                task.question,
                findings,
                instructions=prompt("reasoning"),
                tier=task.model_tier,
                heard=drafting(task),
            )
            if written.claims:
                data |= {"written_by": "model", "unsupported": written.unsupported}
                return _done(task, written.claims, data, written.usage)
            data["fell_back"] = written.problem or "no usable answer"
            return _done(task, findings, data, written.usage)
        return _done(task, _weighed(task, findings), data, ())


def _answering(inputs: Mapping[str, StepResult]) -> list[StepResult]:
    """Of agents that were all asked the same, keep those whose sentences fit about as well."""
    found = [one for one in inputs.values() if one["claims"]]
    asked = {one["data"].get("asked") for one in found}
    if len(asked) != 1 or None in asked:
        return found
    best = max(one["data"]["fit"] for one in found)
    return [one for one in found if one["data"]["fit"] >= NEAR_BEST * best]


def _done(
    task: AgentTask, claims: Sequence[Claim], data: dict[str, object], usage: Sequence[Usage]
) -> StepResult:
    text = "\n".join(claim["text"] for claim in claims)
    return step_result(task, "done", text, claims=claims, data=data, usage=usage)


def _weighed(task: AgentTask, findings: Sequence[Claim]) -> list[Claim]:
    if not _WEIGHING.search(task.question):
        return list(findings)
    sides = {side: [one for one in findings if _side(one) == side] for side in _SIDES}
    return [led_by(side, one) for side, claims in sides.items() for one in claims]


def _side(finding: Claim) -> str:
    """Name the side that the words of a finding take; words of both sides take none."""
    good, bad = _IN_FAVOUR.search(finding["text"]), _AGAINST.search(finding["text"])
    return "" if bool(good) == bool(bad) else ("For: " if good else "Against: ")
