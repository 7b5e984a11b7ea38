"""Says everything that is wrong with a plan; nothing runs that has a problem."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from graph.planning.argument_schemas import wrong_arguments
from graph.planning.dependencies import before, cycle_in, depths, waits_of, widest
from graph.planning.registry import Registry
from graph.planning.workflow_plan import MAX_STEPS, WorkflowPlan, WorkflowStep, quorum_of
from kb_contract.identifiers import sha256_json

MAX_DEPTH: Final = 12
MAX_WIDTH: Final = 16
MAX_CHARACTERS: Final = 200_000

Code = Literal[
    "not_a_plan", "no_steps", "too_many_steps", "too_deep", "duplicate_id", "self_loop",
    "unknown_dependency", "repeated_dependency", "cycle", "no_entry_point", "unknown_agent",
    "capability_mismatch", "needs_approval", "approval_not_said", "not_independent",
    "steps_and_clarification", "too_wide", "too_big", "not_permitted", "bad_arguments", "quorum_too_large",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and how to mend it."""

    code: Code
    message: str
    step_id: str | None = None

    def __str__(self) -> str:
        return f"{self.step_id}: {self.message}" if self.step_id else self.message


def validate(
    plan: WorkflowPlan, registry: Registry, *, groups: Sequence[str] | None = None
) -> list[Problem]:
    """Return all problems; none means that the plan may run.

    `groups` are the caller's; without them the registry is what the caller may use.
    """
    if len(plan.steps) > MAX_STEPS:
        # Nothing else is looked at: the work that it takes grows with the square of the steps.
        return [too_many(len(plan.steps))]
    found = [*_size(plan), *_ids(plan), *_agents(plan, registry), *_approvals(plan, registry)]
    found += [*_rights(plan, registry, groups), *_arguments(plan, registry)]
    found += _quorums(plan)
    looping = cycle_in(waits_of(plan.steps))
    if looping:
        found.append(Problem("cycle", f"these wait for each other: {', '.join(looping)}"))
    elif not any(one.code == "duplicate_id" for one in found):
        found += [*_depth(plan), *_independence(plan)]
        if (width := widest(waits_of(plan.steps))) > MAX_WIDTH:
            found.append(Problem("too_wide", f"{width} steps at once; at most {MAX_WIDTH}"))
    return found


def too_many(steps: int) -> Problem:
    """Say that a plan is too long to be looked at."""
    return Problem("too_many_steps", f"{steps} steps; at most {MAX_STEPS} are allowed")


def _quorums(plan: WorkflowPlan) -> Iterator[Problem]:
    """More than there are can never come back, so whoever waits for them would never begin."""
    policies = {one.step_id: one.policy for one in plan.steps}
    for step in plan.steps:
        waited = Counter(policies[one] for one in set(step.depends_on) if one in policies)
        for policy, members in waited.items():
            if (wanted := quorum_of(policy)) > members:
                yield Problem(
                    "quorum_too_large", f"it waits for {members} with {policy}, not {wanted}",
                    step.step_id,
                )  # fmt: skip


def _rights(
    plan: WorkflowPlan, registry: Registry, groups: Sequence[str] | None
) -> Iterator[Problem]:
    for step in plan.steps if groups is not None else ():
        agent = registry.find(step.agent)
        if agent and agent.audience and not set(agent.audience) & set(groups or ()):
            yield Problem("not_permitted", f"you may not ask {step.agent}", step.step_id)


def _arguments(plan: WorkflowPlan, registry: Registry) -> Iterator[Problem]:
    for step in plan.steps:
        agent = registry.find(step.agent)
        for wrong in wrong_arguments(step, agent) if agent else ():
            yield Problem("bad_arguments", wrong, step.step_id)


def _size(plan: WorkflowPlan) -> Iterator[Problem]:
    if plan.steps and plan.clarification:
        yield Problem("steps_and_clarification", "a plan has steps or asks back, not both")
    if not plan.steps and plan.clarification is None and plan.shape != "direct":
        yield Problem("no_steps", f"a {plan.shape} plan needs steps")
    written = sum(len(one.question) + len(str(one.parameters)) for one in plan.steps)
    if written > MAX_CHARACTERS:
        yield Problem("too_big", f"{written} characters; at most {MAX_CHARACTERS}")
    if plan.steps and all(step.depends_on for step in plan.steps):
        yield Problem("no_entry_point", "every step waits for another, so none can begin")


def _ids(plan: WorkflowPlan) -> Iterator[Problem]:
    counts = Counter(step.step_id for step in plan.steps)
    for step_id, count in counts.items():
        if count > 1:
            yield Problem("duplicate_id", f"{count} steps have this id", step_id)
    for step in plan.steps:
        if step.step_id in step.depends_on:
            yield Problem("self_loop", "it waits for itself", step.step_id)
        if len(set(step.depends_on)) < len(step.depends_on):
            yield Problem("repeated_dependency", "it names a dependency twice", step.step_id)
        for needed in step.depends_on:
            if needed not in counts:
                known = ", ".join(counts)
                yield Problem(
                    "unknown_dependency", f"no step {needed!r}; steps: {known}", step.step_id
                )


def _agents(plan: WorkflowPlan, registry: Registry) -> Iterator[Problem]:
    for step in plan.steps:
        agent = registry.find(step.agent)
        if agent is None:
            known = ", ".join(registry.ids()) or "none"
            yield Problem(
                "unknown_agent", f"no agent {step.agent!r}; agents: {known}", step.step_id
            )
        elif step.capability not in agent.capabilities:
            able = ", ".join(one.agent_id for one in registry.by_capability(step.capability))
            yield Problem(
                "capability_mismatch",
                f"{step.agent} cannot do {step.capability!r}; who can: {able or 'no agent'}",
                step.step_id,
            )


def _approvals(plan: WorkflowPlan, registry: Registry) -> Iterator[Problem]:
    for step in plan.steps:
        if needs_approval(step, registry) and not step.requires_approval:
            yield Problem(
                "needs_approval", "it changes something, so requires_approval must be true",
                step.step_id,
            )  # fmt: skip
    if any(step.requires_approval for step in plan.steps) and not plan.requires_approval:
        yield Problem("approval_not_said", "a step needs approval, so the plan must say so")


def needs_approval(step: WorkflowStep, registry: Registry) -> bool:
    """Actions always do, and so does every step of an agent that asks for it."""
    agent = registry.find(step.agent)
    return step.capability == "action" or (agent is not None and agent.approval == "always")


def _depth(plan: WorkflowPlan) -> Iterator[Problem]:
    for step_id, depth in depths(waits_of(plan.steps)).items():
        if depth > MAX_DEPTH:
            yield Problem("too_deep", f"{depth} steps in a row; at most {MAX_DEPTH}", step_id)


def _independence(plan: WorkflowPlan) -> Iterator[Problem]:
    """Steps that may run at once must not use each other's results, nor change the same thing."""
    done_before = before(waits_of(plan.steps))
    for step in plan.steps:
        for used in sorted(used_steps(step) & set(done_before) - done_before[step.step_id]):
            yield Problem("not_independent", f"it uses {used} without waiting for it", step.step_id)
    actions = [step for step in plan.steps if step.capability == "action"]
    for at, one in enumerate(actions):
        for other in actions[at + 1 :]:
            apart = (
                one.step_id in done_before[other.step_id]
                or other.step_id in done_before[one.step_id]
            )
            if not apart and _effect(one) == _effect(other):
                yield Problem(
                    "not_independent", f"it does the same as {one.step_id} at the same time",
                    other.step_id,
                )  # fmt: skip


def used_steps(step: WorkflowStep) -> set[str]:
    """Ids that a step's question or parameters point at: {s1}, `resolve`, `uses`."""
    used = set(re.findall(r"\{([a-z0-9][a-z0-9_-]{0,39})\}", step.question))
    for name in ("resolve", "uses"):
        value = step.parameters.get(name)
        if isinstance(value, dict | list | tuple):
            used |= {str(one) for one in value}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return used - {step.step_id}


def _effect(step: WorkflowStep) -> str:
    return sha256_json([step.agent, step.question, step.parameters])
