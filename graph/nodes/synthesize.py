"""Merges what the steps found into a draft; says what differs and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.drafting import Drafting
from graph.citations.claims import without_repeats
from graph.citations.disagreements import disagreements
from graph.citations.draft import Draft, empty_draft
from graph.citations.model_claims import Attempt, from_findings, prompt
from graph.citations.readable import harmless
from graph.gateways.run_story import tell_story
from graph.planning.tiers import synthesis_tier
from graph.planning.workflow_plan import NOT_PLANNED_BY_MODEL
from graph.ports import WORKING_STEP, ChatModel
from graph.state import Claim, State, StepResult, Usage

LANE: Final = "synthesis"
# Their result holds all that their inputs found, so the inputs need not be said again.
_JOINING: Final = {"reasoning", "comparison", "synthesis", "calculation"}
_MISSING: Final = {"failed", "rejected", "skipped"}
GREETING: Final = (
    "Ask me about what the documents say, or ask which agents and documents there are."
)


@dataclass(frozen=True)
class Synthesize:
    """Writes the draft; nothing in it reaches a person before `verify` has checked it."""

    model: ChatModel | None = None

    async def __call__(self, state: State) -> dict[str, Any]:
        results = _in_plan_order(state)
        if not results:
            return {"draft": {**empty_draft(), "statements": [_directly(state)]}}
        found = without_repeats(
            claim for one in _speaking(state, results) for claim in one["claims"]
        )
        usage = [one for result in results for one in result["usage"]]
        draft = _draft(state, results, found)
        if self.model is not None and len(draft["claims"]) > 1:
            attempt = await self._written(self.model, state, draft)
            usage += attempt.usage
            draft["claims"] = attempt.claims or draft["claims"]
            draft["unsupported"] += attempt.unsupported if attempt.claims else []
            draft["notes"] += _not_joined(attempt)
        draft["notes"] += [*_not_planned(state.plan), *stand_ins(usage)]
        return {"draft": dict(draft), "usage": _sum(usage)}

    async def _written(self, model: ChatModel, state: State, draft: Draft) -> Attempt:
        tier, why = synthesis_tier(state.plan, conflicts=len(draft["conflicts"]))
        _say("model_tier", tier=tier, why=why)
        working = WORKING_STEP.set(("synthesize", LANE))
        try:
            return await from_findings(
                model,
                state.asks,
                draft["claims"],
                instructions=prompt("synthesize"),
                tier=tier,
                heard=Drafting(_say),
            )
        finally:
            WORKING_STEP.reset(working)


def _say(kind: str, **more: Any) -> None:
    tell_story({"type": kind, "step": None, "agent": None, "lane": LANE, **more})


def _draft(state: State, results: Sequence[StepResult], found: Sequence[Claim]) -> Draft:
    passages = [passage for one in results for passage in one["passages"]]
    differing, rest = disagreements(found, passages)
    required = {
        str(step["step_id"])
        for step in state.plan.get("steps", ())
        if step.get("policy", "required") == "required"
    }
    return {
        "claims": rest,
        "conflicts": differing,
        "unsupported": [said for one in results for said in one["data"].get("unsupported", ())],
        "statements": [
            harmless(one["text"])
            for one in results
            if one["status"] == "done" and not one["claims"] and one["text"].strip()
        ],
        "notes": list(
            dict.fromkeys(
                note
                for one in results
                if not _is_idle(one, required, answered=bool(found)) and not _echoes(one, results)
                for note in _notes(one)
            )
        ),
        "complete": not any(_is_missing(one, required) for one in results),
        "nothing": f"I found nothing about: {harmless(state.question[:300])}",
        "nothing_status": _nothing_status(results),
    }


def _in_plan_order(state: State) -> list[StepResult]:
    order = [str(step["step_id"]) for step in state.plan.get("steps", ())]
    known = [state.results[step] for step in order if step in state.results]
    return known or list(state.results.values())


def _speaking(state: State, results: Sequence[StepResult]) -> list[StepResult]:
    """Put the steps that answer first, and leave out what they already carry."""
    done: Mapping[str, StepResult] = {
        one["step_id"]: one for one in results if one["status"] == "done"
    }
    carried: set[str] = set()
    needed: set[str] = set()
    for step in state.plan.get("steps", ()):
        needed |= set(step.get("depends_on", ()))
        if step["step_id"] in done and step.get("capability") in _JOINING:
            carried |= _carried(done[step["step_id"]], step, done)
    last = [one for step, one in done.items() if step not in needed]
    rest = [one for step, one in done.items() if step in needed and step not in carried]
    return [*last, *rest]


def _carried(join: StepResult, step: Mapping[str, Any], done: Mapping[str, StepResult]) -> set[str]:
    if join["capability"] == "calculation" or not join["claims"]:
        return set()
    return {one for one in step.get("depends_on", ()) if one in done and done[one]["claims"]}


def _is_missing(result: StepResult, required: set[str]) -> bool:
    nothing = result["status"] == "nothing_found" and result["step_id"] in required
    return nothing or result["status"] in _MISSING


def _is_idle(result: StepResult, required: set[str], *, answered: bool) -> bool:
    """Whether it was asked just in case and knew nothing, while others answered."""
    optional = result["step_id"] not in required
    return answered and optional and result["status"] == "nothing_found"


def _echoes(result: StepResult, results: Sequence[StepResult]) -> bool:
    """Whether it only says again that those before it, who say so themselves, found nothing."""
    nothing = result["status"] == "nothing_found"
    joins = nothing and result["capability"] in _JOINING
    return joins and any(
        one["status"] == "nothing_found" and one["capability"] not in _JOINING for one in results
    )


def _notes(result: StepResult) -> list[str]:
    name = result["agent_id"]
    match result["status"]:
        case "failed":
            return [f"Missing: {name} failed ({_first_line(result['error'])})."]
        case "rejected":
            return [f"Not done: {name}. A person rejected it ({_first_line(result['error'])})."]
        case "skipped":
            return [f"Not done: {name}, because what it needs is missing."]
        case "nothing_found":
            return [f"{harmless(result['text']) or f'{name} found nothing'}"]
        case "done":
            why = result["data"].get("fell_back")
            return [f"{name} answered without its language model ({why})."] if why else []


def _not_joined(attempt: Attempt) -> list[str]:
    why = _first_line(attempt.problem)
    joined = "The findings stand side by side, since the language model did not join them"
    return [f"{joined} ({why})."] if attempt.problem else []


def _not_planned(plan: Mapping[str, Any]) -> list[str]:
    silent = any(one.startswith(NOT_PLANNED_BY_MODEL) for one in plan.get("refused", ()))
    return (
        ["Rules planned this, since the language model that plans did not answer."]
        if silent
        else []
    )


def stand_ins(usage: Sequence[Usage]) -> list[str]:
    """Say which models answered in the place of the first one."""
    found = dict.fromkeys((one.get("role", "primary"), one["model"]) for one in usage)
    return [
        f"The {role} model {model} answered, since the models before it did not."
        for role, model in found
        if role != "primary"
    ]


def _first_line(error: str | None) -> str:
    return harmless((error or "no reason given").splitlines()[0])[:300]


def _nothing_status(results: Sequence[StepResult]) -> str:
    statuses = {one["status"] for one in results}
    return "failed" if statuses and statuses <= {"failed", "skipped"} else "refused"


def _directly(state: State) -> str:
    return harmless(str(state.plan.get("clarification") or GREETING))


def _sum(usage: Sequence[Usage]) -> dict[str, Any]:
    return {
        "calls": len(usage),
        "prompt_tokens": sum(one["prompt_tokens"] for one in usage),
        "completion_tokens": sum(one["completion_tokens"] for one in usage),
        "cost": sum(one["cost"] for one in usage),
        "estimated": any(one["source"] == "estimated" for one in usage),
        "models": sorted({one["model"] for one in usage}),
    }
