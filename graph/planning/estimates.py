"""What a plan will take: seconds along its longest chain, tokens and cost in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from graph.planning.registry import Registry
from graph.planning.workflow_plan import Estimate, WorkflowPlan, WorkflowStep
from kb_contract.agent_manifest import Capability

# Seconds without a model, and tokens with one; rough, until runs have been measured.
SECONDS: Final[Mapping[Capability, float]] = {
    "knowledge": 0.6, "reasoning": 0.2, "calculation": 0.1, "comparison": 0.2, "tool": 0.2,
    "action": 0.5, "catalogue": 0.2, "synthesis": 0.2,
}  # fmt: skip
TOKENS: Final[Mapping[Capability, int]] = {
    "knowledge": 2500, "reasoning": 1800, "calculation": 0, "comparison": 0, "tool": 0, "action": 0,
    "catalogue": 0, "synthesis": 1800,
}  # fmt: skip
WARM: Final = 5
"""So many steps of an agent must have been measured before they count for more than what is declared."""


@dataclass(frozen=True)
class Measured:
    """What steps of one agent took lately, in the middle."""

    steps: int
    seconds: float
    tokens: int = 0
    cost: float = 0.0


class StepHistory(Protocol):
    """What earlier steps took, by agent and capability."""

    async def measured(self) -> Mapping[tuple[str, str], Measured]: ...


@dataclass(frozen=True)
class NoHistory:
    """Nothing was measured: what is declared holds."""

    async def measured(self) -> Mapping[tuple[str, str], Measured]:
        return {}


@dataclass(frozen=True)
class Estimator:
    """With the offline profile there are no tokens to pay and no model to wait for."""

    cost_per_1000: Mapping[str, float] = field(default_factory=dict[str, float])
    """Price by model tier; empty means the offline profile."""
    model_seconds: float = 3.0
    measured: Mapping[tuple[str, str], Measured] = field(
        default_factory=dict[tuple[str, str], Measured]
    )

    def step(self, step: WorkflowStep, registry: Registry) -> Estimate:
        known = self.measured.get((step.agent, step.capability))
        if known is not None and known.steps >= WARM:
            return Estimate(
                seconds=round(known.seconds, 3),
                tokens=known.tokens,
                cost=round(known.cost, 6),
                source="measured",
            )
        agent = registry.find(step.agent)
        own_cost = agent.cost if agent else 0.0
        tokens = TOKENS[step.capability] if self.cost_per_1000 else 0
        seconds = SECONDS[step.capability] + (self.model_seconds if tokens else 0.0)
        price = tokens / 1000 * self.cost_per_1000.get(step.model_tier, 0.0)
        return Estimate(seconds=round(seconds, 3), tokens=tokens, cost=round(price + own_cost, 6))

    def plan(self, plan: WorkflowPlan, registry: Registry) -> WorkflowPlan:
        """Fill in the estimates of every step and of the whole."""
        steps = tuple(
            step.model_copy(update={"estimate": self.step(step, registry)}) for step in plan.steps
        )
        whole = Estimate(
            seconds=round(sum(one.estimate.seconds for one in critical_path(steps)), 3),
            tokens=sum(one.estimate.tokens for one in steps),
            cost=round(sum(one.estimate.cost for one in steps), 6),
            source=_source(steps),
        )
        return plan.model_copy(update={"steps": steps, "estimate": whole})


def _source(
    steps: Sequence[WorkflowStep],
) -> Literal["declared", "measured", "partly_measured"]:
    said = {one.estimate.source for one in steps}
    if said == {"measured"}:
        return "measured"
    return "partly_measured" if "measured" in said else "declared"


def critical_path(steps: Sequence[WorkflowStep]) -> list[WorkflowStep]:
    """Return the chain that takes longest; the steps must be in order and without cycles."""
    best: dict[str, list[WorkflowStep]] = {}
    for step in steps:
        chains = [best[one] for one in step.depends_on if one in best]
        best[step.step_id] = [*_longest(chains), step]
    return _longest(list(best.values()))


def _longest(chains: Sequence[list[WorkflowStep]]) -> list[WorkflowStep]:
    return max(chains, key=_seconds) if chains else []


def _seconds(chain: Sequence[WorkflowStep]) -> float:
    return sum(step.estimate.seconds for step in chain)
