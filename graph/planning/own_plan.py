"""A caller's plan: JSON in, a validated plan or everything that is wrong with it out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from pydantic import ValidationError

from graph.classification.query_type import QueryType
from graph.planning.dependencies import in_order, shape_of
from graph.planning.estimates import Estimator
from graph.planning.registry import Registry
from graph.planning.tiers import with_tiers
from graph.planning.validation import Problem, needs_approval, too_many, validate
from graph.planning.workflow_plan import MAX_STEPS, WorkflowPlan, WorkflowStep

# The caller may send these (a plan of ours sent back has them), and we work them out ourselves.
_OURS: Final = frozenset(
    {"shape", "requires_approval", "made_by", "registry_digest", "estimate", "refused"}
)


def read_own_plan(
    data: Mapping[str, Any],
    registry: Registry,
    *,
    query: str = "",
    query_type: QueryType = "complex_analysis",
    estimator: Estimator | None = None,
    groups: Sequence[str] | None = None,
) -> tuple[WorkflowPlan | None, list[Problem]]:
    """Fill in what follows from the rest: questions, capabilities, approvals, shape, estimates."""
    given = {name: value for name, value in data.items() if name not in _OURS}
    asked = str(given.get("query") or query)
    given.update(query=asked, query_type=given.get("query_type") or query_type, shape="mixed")
    if isinstance(given.get("steps"), list | tuple):
        steps = cast("list[Any]", given["steps"])
        if len(steps) > MAX_STEPS:
            return None, [too_many(len(steps))]
        given["steps"] = [_filled(one, asked, registry) for one in steps]
    try:
        plan = WorkflowPlan.model_validate(given)
    except ValidationError as error:
        return None, [_problem(dict(one)) for one in error.errors()]
    plan = _completed(plan, registry)
    problems = validate(plan, registry, groups=groups)
    if problems:
        return None, problems
    plan = with_tiers(plan, registry, _given_tiers(given))
    return (estimator or Estimator()).plan(plan, registry), []


def _given_tiers(given: Mapping[str, Any]) -> set[str]:
    steps = cast("Sequence[Mapping[str, Any]]", given.get("steps") or ())
    return {str(one["step_id"]) for one in steps if "model_tier" in one}


def _filled(step: Any, query: str, registry: Registry) -> Any:
    if not isinstance(step, Mapping):
        return step
    filled = dict(cast("Mapping[str, Any]", step))
    filled.pop("estimate", None)
    filled.setdefault("question", query)
    agent = registry.find(str(filled.get("agent", "")))
    if agent is not None:
        filled.setdefault("capability", agent.capabilities[0])
    return filled


def _completed(plan: WorkflowPlan, registry: Registry) -> WorkflowPlan:
    steps = tuple(_with_approval(step, registry) for step in in_order(plan.steps))
    return plan.model_copy(
        update={
            "steps": steps,
            "shape": shape_of(steps) if steps else "single",
            "requires_approval": any(step.requires_approval for step in steps),
            "made_by": "person",
            "registry_digest": registry.digest(),
        }
    )


def _with_approval(step: WorkflowStep, registry: Registry) -> WorkflowStep:
    """A caller cannot plan around an approval."""
    needed = step.requires_approval or needs_approval(step, registry)
    return step.model_copy(update={"requires_approval": needed})


def _problem(error: Mapping[str, Any]) -> Problem:
    place = ".".join(str(part) for part in error["loc"])
    return Problem("not_a_plan", f"{place}: {error['msg']} (got {str(error.get('input'))[:60]!r})")
