"""Makes a plan cheaper and wider without changing what it answers."""

import re
from collections.abc import Mapping
from typing import Final

from graph.planning.dependencies import before, in_order, shape_of, waits_of
from graph.planning.estimates import TOKENS, Estimator
from graph.planning.registry import Registry
from graph.planning.tiers import reasons_left
from graph.planning.validation import used_steps
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep, quorum_of
from kb_contract.identifiers import sha256_json

# These read, and never look at the results of the steps before them unless they point at one.
_READING: Final = frozenset({"knowledge", "catalogue", "tool"})
_POINTS_BACK: Final = re.compile(
    r"\b(?:it|its|they|them|their|theirs|that|those|these|this|he|she|his|her|him|there|then|same"
    r"|former|latter|result|answer|above|previous)\b",
    re.IGNORECASE,
)


def optimise(
    plan: WorkflowPlan, registry: Registry, estimator: Estimator | None = None
) -> WorkflowPlan:
    """Ask nothing twice, let nothing wait for what it does not use, reserve no better model than needed."""
    steps = _merged(in_order(plan.steps))
    steps = _freed(steps)
    steps = _without_detours(steps)
    steps = tuple(_cheapest(step) for step in steps)
    changed = plan.model_copy(
        update={
            "steps": in_order(steps),
            "shape": shape_of(steps),
            "reasons": reasons_left(plan, steps),
        }
    )
    return (estimator or Estimator()).plan(changed, registry)


def _cheapest(step: WorkflowStep) -> WorkflowStep:
    """Where no model writes, no better one is reserved."""
    writes = TOKENS[step.capability] > 0 or step.tools
    return step if writes else step.model_copy(update={"model_tier": "cheap"})


def _merged(steps: tuple[WorkflowStep, ...]) -> tuple[WorkflowStep, ...]:
    """Keep one of several readings that ask the same agent the same thing."""
    kept: dict[str, WorkflowStep] = {}
    instead: dict[str, str] = {}
    for step in steps:
        needed = _renamed(step.depends_on, instead)
        step = step.model_copy(update={"depends_on": needed})
        key = _reading_key(step)
        twin = kept.get(key)
        if twin is None:
            kept[key] = step
            continue
        instead[step.step_id] = twin.step_id
        if step.policy == "required" and twin.policy == "optional":
            kept[key] = twin.model_copy(update={"policy": "required"})
    return tuple(kept.values())


def _renamed(needed: tuple[str, ...], instead: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(instead.get(one, one) for one in needed))


def _reading_key(step: WorkflowStep) -> str:
    if step.capability not in _READING or step.requires_approval or used_steps(step):
        return step.step_id
    if quorum_of(step.policy):
        return step.step_id  # each of them is counted
    said = " ".join(step.question.split()).rstrip(" .?!")
    return sha256_json(
        [step.agent, step.capability, said, step.parameters, sorted(step.depends_on)]
    )


def _freed(steps: tuple[WorkflowStep, ...]) -> tuple[WorkflowStep, ...]:
    """A reading waits only for changes, for approvals, and for what it points at."""
    readings = {one.step_id for one in steps if one.capability in _READING}
    held = {one.step_id for one in steps if one.requires_approval}
    # Who waits for a reading that a change comes before waits for that change.
    after_change = {one for one, done in before(waits_of(steps)).items() if done & held}
    needless = readings - held - after_change - _counted(steps)
    return tuple(_waiting_for_less(step, needless - used_steps(step)) for step in steps)


def _waiting_for_less(step: WorkflowStep, needless: set[str]) -> WorkflowStep:
    if step.capability not in _READING or _POINTS_BACK.search(step.question):
        return step
    kept = tuple(one for one in step.depends_on if one not in needless)
    return step.model_copy(update={"depends_on": kept})


def _without_detours(steps: tuple[WorkflowStep, ...]) -> tuple[WorkflowStep, ...]:
    """Drop a wait that another wait includes, where the result itself is not an input."""
    done_before, counted = before(waits_of(steps)), _counted(steps)
    slim: list[WorkflowStep] = []
    for step in steps:
        used = used_steps(step)
        implied = set[str]().union(
            *(done_before[one] for one in step.depends_on if one in done_before)
        )
        droppable = implied - used - counted if step.capability in _READING else set[str]()
        kept = tuple(one for one in step.depends_on if one not in droppable)
        slim.append(step.model_copy(update={"depends_on": kept}))
    return tuple(slim)


def _counted(steps: tuple[WorkflowStep, ...]) -> set[str]:
    """Members of a quorum: who waits for some of them and not for all would wait for too few."""
    return {one.step_id for one in steps if quorum_of(one.policy)}
