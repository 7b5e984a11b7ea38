"""Whether it matters which type a question is of: whoever would be asked that changes nothing needs no asking."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from graph.classification.classifier import Classification
from graph.classification.query_type import QueryType
from graph.planning.agent_choice import Affinity
from graph.planning.planner import Planner
from graph.planning.registry import Registry
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import WorkflowPlan

Matters = Callable[[str, Classification, Sequence[QueryType], Registry], Awaitable[bool]]


async def always_matters(
    _question: str, _found: Classification, _kinds: Sequence[QueryType], _registry: Registry
) -> bool:
    """Ask whenever it is unsure."""
    return True


@dataclass(frozen=True)
class PlansDiffer:
    """Plans the question as if it were surely of each type, by rules: no provider is asked for this."""

    affinity: Affinity
    planner: Planner = field(default_factory=RulePlanner)

    async def __call__(
        self,
        question: str,
        found: Classification,
        kinds: Sequence[QueryType],
        registry: Registry,
    ) -> bool:
        """Tell whether other agents would do other things; what cannot be planned is worth asking about."""
        plans = [
            await self.planner.plan(question, _surely(found, kind), registry, self.affinity)
            for kind in kinds
        ]
        done = {_what_is_done(plan) for plan in plans}
        return len(done) > 1 or () in done


def _surely(found: Classification, kind: QueryType) -> Classification:
    return replace(found, query_type=kind, confidence=1.0, alternatives=())


def _what_is_done(plan: WorkflowPlan) -> tuple[tuple[str, str, str, tuple[str, ...]], ...]:
    return tuple((one.agent, one.capability, one.question, one.depends_on) for one in plan.steps)
