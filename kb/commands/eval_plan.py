"""What `kb eval plan` measures."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from graph.agents.registry import neutral_registry
from graph.classification.trained import TrainedClassifier
from graph.planning.agent_choice import no_affinity
from graph.planning.plan_evaluation import LabelledPlan, plan_figures, plan_mistakes
from graph.planning.registry import Registry
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan
from kb_contract.errors import BadInput


def measured(
    rows: Sequence[Mapping[str, Any]], registry_file: Path | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the figures, and everything that was wrong, the worst first."""
    registry = _registry(registry_file) if registry_file else neutral_registry()
    pairs = asyncio.run(_planned([_label(row) for row in rows], registry))
    return plan_figures(pairs), plan_mistakes(pairs)


async def _planned(
    wanted: Sequence[LabelledPlan], registry: Registry
) -> list[tuple[LabelledPlan, WorkflowPlan]]:
    planner, classifier = RulePlanner(), TrainedClassifier()
    made: list[tuple[LabelledPlan, WorkflowPlan]] = []
    for one in wanted:
        said = await classifier.classify(one.query, registry=registry)
        made.append((one, await planner.plan(one.query, said, registry, no_affinity)))
    return made


def _label(row: Mapping[str, Any]) -> LabelledPlan:
    try:
        return LabelledPlan.of(row)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"{row.get('id', row.get('query'))}: {error}",
            where="a line of the data",
            cure="capabilities is an object of counts, forbidden a list",
        ) from error


def _registry(file: Path) -> Registry:
    try:
        agents = TypeAdapter(tuple[AgentCapability, ...]).validate_python(
            json.loads(file.read_text("utf-8"))
        )
    except (OSError, ValueError, ValidationError) as error:
        raise BadInput(
            str(error)[:400],
            where=str(file),
            cure="give a JSON list of agents: agent_id, title, purpose, kind, capabilities",
        ) from error
    return Registry(agents)
