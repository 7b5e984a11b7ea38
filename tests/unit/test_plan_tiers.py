"""Which tier of models a plan asks for, why, and whose word stands above it."""

import json
from typing import Any

import pytest

from graph.agents.registry import neutral_registry
from graph.classification.rules import classify
from graph.planning.dependencies import shape_of
from graph.planning.estimates import Estimator
from graph.planning.model_plans import read_model_plan
from graph.planning.optimisation import optimise
from graph.planning.own_plan import read_own_plan
from graph.planning.registry import Registry
from graph.planning.single_agent import plan_for_agent
from graph.planning.tiers import synthesis_tier, with_tiers
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from kb_contract.chat_models.profiles import Profile

NEUTRAL = neutral_registry()
LOOK, ALSO, THIRD = ("a", "knowledge"), ("b", "knowledge"), ("c", "knowledge")


def own(tier: str, agent: str = "any_knowledge") -> Registry:
    return Registry(
        tuple(
            one.model_copy(update={"model_tier": tier}) if one.agent_id == agent else one
            for one in NEUTRAL.agents
        )
    )


def row(step_id: str, capability: str, *after: str, **more: Any) -> dict[str, Any]:
    return {"step_id": step_id, "agent": f"any_{capability}", "capability": capability,
            "question": f"about {step_id}", "depends_on": list(after), **more}  # fmt: skip


def plan(*rows: tuple[str, ...], kind: str = "complex_analysis") -> WorkflowPlan:
    steps = tuple(WorkflowStep.model_validate(row(*one)) for one in rows)
    return WorkflowPlan(query="q", query_type=kind, shape=shape_of(steps), steps=steps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "tiers", "why"),
    [
        (plan(LOOK, kind="simple_lookup"), "cheap", "a asks cheap models: a single lookup only quotes"),
        (plan(LOOK, kind="rag_document"), "standard", ""),
        (plan(LOOK, ALSO, kind="simple_lookup"), "standard standard", ""),
        (plan(LOOK, ("r", "reasoning", "a")), "standard standard", ""),
        (plan(LOOK, ALSO, ("r", "reasoning", "a", "b")), "standard standard strong",
         "r asks strong models: it reasons over 2 findings"),
        (plan(LOOK, ALSO, ("d", "comparison", "a", "b")), "standard standard standard", ""),
        (plan(LOOK, ALSO, THIRD, ("d", "comparison", "a", "b", "c")), "standard standard standard strong",
         "d asks strong models: it compares 3 findings"),
        (plan(LOOK, ALSO, ("x", "tool", "a"), ("s", "synthesis", "b", "x")), "standard standard standard strong",
         "s asks strong models: it joins a mixed plan of 4 steps"),
        (plan(LOOK, ALSO, ("s", "synthesis", "a", "b")), "standard standard standard", ""),
    ],
)  # fmt: skip
def test_the_plan_chooses_and_says_why(made: WorkflowPlan, tiers: str, why: str) -> None:
    chosen = with_tiers(made, NEUTRAL)
    assert [one.model_tier for one in chosen.steps] == tiers.split()
    assert chosen.reasons == ((why,) if why else ())


def test_the_agents_own_word_is_above_the_plans() -> None:
    made = with_tiers(plan(LOOK, kind="simple_lookup"), own("strong"))
    assert made.steps[0].model_tier == "strong"
    assert made.reasons == ("a asks strong models: any_knowledge says so of itself",)
    said = classify("What is the fee?")
    named = plan_for_agent("any_knowledge", "What is the fee?", said, own("standard"), Estimator())
    assert named.steps[0].model_tier == "standard"


def test_a_persons_plan_is_above_its_agents_and_sent_back_it_stays_itself() -> None:
    rows = [row("a", "knowledge", model_tier="cheap"), row("b", "knowledge")]
    made, problems = read_own_plan({"query": "q", "steps": rows}, own("strong"))
    assert made, problems
    assert [one.model_tier for one in made.steps] == ["cheap", "strong"]
    again, _ = read_own_plan(made.model_dump(mode="json"), own("strong"))
    assert again
    assert again.digest() == made.digest()


def test_the_profile_is_above_all_of_them() -> None:
    profile = Profile.model_validate({"primary": "openai/x", "agents": {"any_knowledge": "cheap"}})
    step = with_tiers(plan(LOOK), own("strong")).steps[0]
    assert profile.tier_for(step.model_tier, step.agent) == "cheap"
    everywhere = profile.model_copy(update={"tier": "standard"})
    assert everywhere.tier_for(step.model_tier, step.agent) == "standard"


def read(rows: list[dict[str, Any]], registry: Registry) -> tuple[WorkflowPlan | None, list[str]]:
    reply = json.dumps({"steps": rows})
    return read_model_plan(reply, "q", "complex_analysis", registry, plan(LOOK))


def test_a_models_plan_may_say_tiers_but_not_against_an_agents_own() -> None:
    rows = [row("a", "knowledge", model_tier="strong"), row("b", "reasoning", "a")]
    for registry, tier in ((NEUTRAL, "strong"), (own("cheap"), "cheap")):
        made, problems = read(rows, registry)
        assert made, problems
        assert [one.model_tier for one in made.steps] == [tier, "standard"]
    made, problems = read([row("a", "knowledge", model_tier="openai/gpt-9")], NEUTRAL)
    assert made is None
    assert "steps.0.model_tier" in problems[0]


def test_an_approval_is_bound_to_the_tiers() -> None:
    one, other = (with_tiers(plan(LOOK), registry) for registry in (NEUTRAL, own("strong")))
    assert one.digest() == with_tiers(plan(LOOK), NEUTRAL).digest()
    assert one.digest() != other.digest()


def test_a_better_plan_gives_no_reason_for_tiers_that_it_has_no_more() -> None:
    made = with_tiers(plan(LOOK, ALSO, THIRD, ("d", "comparison", "a", "b", "c")), NEUTRAL)
    better = optimise(made, NEUTRAL)
    assert better.steps[-1].model_tier == "cheap"
    assert better.reasons == ()


@pytest.mark.parametrize(
    ("made", "conflicts", "tier"),
    [
        (plan(LOOK, kind="simple_lookup"), 0, "cheap"),
        (plan(LOOK, kind="simple_lookup"), 1, "strong"),
        (plan(LOOK), 0, "standard"),
        (plan(LOOK, ALSO, ("r", "reasoning", "a", "b")), 0, "standard"),
        (plan(LOOK, ALSO, ("x", "tool", "a"), ("r", "reasoning", "b", "x")), 0, "strong"),
    ],
)
def test_wording_the_answer_has_a_tier_too(made: WorkflowPlan, conflicts: int, tier: str) -> None:
    said = with_tiers(made, NEUTRAL).model_dump(mode="json")
    assert synthesis_tier(said, conflicts=conflicts)[0] == tier
