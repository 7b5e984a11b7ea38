"""Random plans with the outcome that each must have, worked out without the scheduler."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple

from graph.planning.workflow_plan import WorkflowStep, quorum_of
from tests.doubles.scripted_agents import plan_of, step

USABLE = {"done", "nothing_found"}
POLICIES = ["required", "required", "required", "optional", "quorum(1)", "quorum(2)"]


@dataclass
class Damage:
    """What went amiss over many plans, by step."""

    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def look(
        self, expected: Mapping[str, str], ended: Mapping[str, str],
        when_finished: Mapping[str, int], attempts: Mapping[str, int], plan: int,
    ) -> None:  # fmt: skip
        """Note steps without a result, with another one than must be, or done again once finished."""
        self.lost += [f"{plan}:{one}" for one in expected if one not in ended]
        self.wrong += [f"{plan}:{one}" for one in ended if ended[one] != expected.get(one)]
        self.repeated += [f"{plan}:{one}" for one, n in when_finished.items() if attempts[one] != n]

    def told(self) -> dict[str, int]:
        return {name: len(found) for name, found in vars(self).items()}


@dataclass(frozen=True)
class RandomPlan:
    """Steps in a random order, and what people will decide about them."""

    steps: tuple[WorkflowStep, ...]
    decisions: Mapping[str, dict[str, Any]]

    @property
    def plan(self) -> dict[str, Any]:
        return plan_of(*self.steps)

    def statuses(self) -> dict[str, str]:
        """Say how each step must end."""
        known = {one.step_id: one for one in self.steps}
        ended: dict[str, str] = {}
        for name in sorted(known):  # a step depends on names before its own only
            one = known[name]
            blocked = _is_blocked([(known[need].policy, ended[need]) for need in one.depends_on])
            ended[name] = "skipped" if blocked else self._own_status(one)
        return ended

    def asked(self) -> set[str]:
        ended = self.statuses()
        return {name for name in self.decisions if ended[name] != "skipped"}

    def _own_status(self, one: WorkflowStep) -> str:
        decision = self.decisions.get(one.step_id, {"type": "approve"})
        if decision["type"] == "reject":
            return "rejected"
        if decision["type"] in {"edit", "respond"}:  # an edit takes the failure out
            return "done"
        return "failed" if one.parameters.get("fails") == "always" else "done"


def _is_blocked(needs: Sequence[tuple[str, str]]) -> bool:
    """Whether a step cannot begin, by policy and status of what it depends on."""
    usable = Counter(policy for policy, status in needs if status in USABLE)
    needed = any(policy == "required" and status not in USABLE for policy, status in needs)
    return needed or any(usable[policy] < quorum_of(policy) for policy, _ in needs)


def random_plan(seed: int, *, slowest: float) -> RandomPlan:
    dice = random.Random(seed)
    names = [f"s{n}" for n in range(dice.randint(3, 9))]
    steps, decisions = [], {}
    for place, name in enumerate(names):
        needs = [one for one in names[:place] if dice.random() < 0.35][:3]
        script: dict[str, Any] = {"seconds": round(dice.uniform(0, slowest), 3)}
        if dice.random() < 0.25:
            script["fails"] = dice.choice(["always", 1, 2])
        asks = dice.random() < 0.3
        if asks:
            decisions[name] = _decision(dice, f"{name}_agent")
        steps.append(
            step(
                name, *needs, script=script, requires_approval=asks,
                policy=dice.choice(POLICIES),
            )
        )  # fmt: skip
    dice.shuffle(steps)
    return RandomPlan(tuple(steps), decisions)


def _decision(dice: random.Random, agent: str) -> dict[str, Any]:
    kind = dice.choice(["approve", "approve", "approve", "edit", "reject", "respond"])
    if kind == "edit":
        edit = {"name": agent, "args": {"parameters": {"seconds": 0.001}}}
        return {"type": "edit", "edited_action": edit}
    return {"type": kind, "message": "because"}


def kept_results(found: CheckpointTuple | None) -> Iterable[dict[str, Any]]:
    """Everything that tasks of the running superstep gave back and the saver keeps."""
    for _, channel, value in (found.pending_writes or []) if found else []:
        if channel == "__return__" and isinstance(value, dict) and "step_id" in value:
            yield value


def finished_steps(found: CheckpointTuple | None) -> set[str]:
    return {one["step_id"] for one in kept_results(found) if "status" in one}


def decided_steps(found: CheckpointTuple | None) -> set[str]:
    return {one["step_id"] for one in kept_results(found) if "type" in one}
