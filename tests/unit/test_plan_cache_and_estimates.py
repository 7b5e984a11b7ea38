import random

from graph.agents.registry import neutral_registry
from graph.classification.rules import classify
from graph.planning.agent_choice import no_affinity
from graph.planning.estimates import WARM, Estimator, Measured, critical_path
from graph.planning.picture import mermaid
from graph.planning.plan_cache import PlanCache
from graph.planning.progress_of_plan import progress_of
from graph.planning.registry import Registry
from graph.planning.rules import RulePlanner
from graph.planning.validation import MAX_WIDTH, validate
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan
from graph.selection import Selection

REGISTRY = neutral_registry()


async def planned(question: str) -> WorkflowPlan:
    return await RulePlanner().plan(question, classify(question), REGISTRY, no_affinity)


async def test_a_plan_is_found_for_the_same_question_agents_workspace_and_rights():
    cache, said = PlanCache("main"), classify("When is low tide?")
    plan = await planned("When is low tide?")
    key = cache.key("When is low tide?", said, REGISTRY, ("staff",))
    cache.keep(key, plan)
    assert cache.find(cache.key("When is  low tide", said, REGISTRY, ("staff",)), "x") is not None
    fewer = Registry(REGISTRY.agents[:-1])
    others = [
        cache.key("When is high tide?", said, REGISTRY, ("staff",)),
        cache.key("When is low tide?", said, fewer, ("staff",)),
        cache.key("When is low tide?", said, REGISTRY, ()),
        cache.key("When is low tide?", said, REGISTRY, ("staff",), Selection(tags=("spring",))),
        PlanCache("other").key("When is low tide?", said, REGISTRY, ("staff",)),
    ]
    assert all(cache.find(one, "x") is None for one in others)


async def test_the_cache_is_bounded_and_forgets_the_oldest():
    cache, plan = PlanCache(largest=3), await planned("When is low tide?")
    for name in "abc":
        cache.keep(name, plan)
    cache.find("a", "q")
    cache.keep("d", plan)
    assert len(cache) == 3
    assert cache.find("b", "q") is None
    assert cache.find("a", "q") is not None
    nothing = PlanCache(largest=0)
    nothing.keep("a", plan)
    assert len(nothing) == 0


async def test_estimates_come_within_a_fifth_after_warm_up():
    chance = random.Random(7)
    plan = await planned("Compare oak, pine and larch and order the cheapest")
    truth = {"any_knowledge": 1.4, "any_comparison": 0.5, "any_action": 2.2}
    took = {
        (one.agent, one.capability): sorted(truth[one.agent] * chance.uniform(0.9, 1.1) for _ in range(40))
        for one in plan.steps
    }  # fmt: skip
    known = {
        who: Measured(len(seconds), seconds[len(seconds) // 2], tokens=100, cost=0.001)
        for who, seconds in took.items()
    }
    warm = Estimator(measured=known).plan(plan, REGISTRY)
    real = sum(truth[one.agent] for one in critical_path(warm.steps))
    assert abs(warm.estimate.seconds - real) / real < 0.2
    assert (warm.estimate.source, warm.estimate.tokens) == ("measured", 100 * len(plan.steps))


async def test_estimates_say_where_they_come_from():
    plan = await planned("Compare oak and pine")
    known = {("any_knowledge", "knowledge"): Measured(WARM, 2.0)}
    cold = {("any_knowledge", "knowledge"): Measured(WARM - 1, 2.0)}
    assert Estimator().plan(plan, REGISTRY).estimate.source == "declared"
    assert Estimator(measured=cold).plan(plan, REGISTRY).estimate.source == "declared"
    assert Estimator(measured=known).plan(plan, REGISTRY).estimate.source == "partly_measured"


async def test_how_far_a_plan_is_follows_from_its_events():
    plan = await planned("Compare oak and pine and order the cheaper one")
    announced = {"type": "plan", "plan": plan.model_dump(mode="json")}
    plan_again, states = progress_of([
        announced,
        {"type": "step_started", "step": "s1"},
        {"type": "step_finished", "step": "s1", "status": "done", "seconds": 1.25},
        {"type": "step_failed", "step": "s2", "status": "failed", "seconds": 0.5, "error": "no"},
        {"type": "approval_asked", "step": "s4"},
        announced,
        {"type": "step_started", "step": "ghost"},
    ])  # fmt: skip
    assert plan_again == plan
    assert states["s1"] == {"status": "done", "seconds": 1.25}
    assert states["s2"]["error"] == "no"
    assert [states[one]["status"] for one in ("s3", "s4")] == ["waiting", "awaiting_approval"]
    drawn = mermaid(plan, states)
    assert "done, 1.2 s" in drawn
    assert "class step4 awaiting_approval" in drawn
    other = {"type": "plan", "plan": {**plan.model_dump(mode="json"), "query": "another"}}
    assert set(progress_of([announced, other])[1]["s1"].values()) == {"waiting"}
    assert progress_of([{"type": "plan", "plan": {"steps": "?"}}]) == (None, {})


def agent(**more: object) -> AgentCapability:
    fields = {"agent_id": "a", "title": "A", "purpose": "a", "kind": "rag", "capabilities": ("knowledge",)}  # fmt: skip
    return AgentCapability(**{**fields, **more})  # type: ignore[arg-type]


def plan_of(count: int = 1, **more: object) -> WorkflowPlan:
    steps = [
        {"step_id": f"s{n}", "agent": "a", "capability": "knowledge", "question": f"q{n}", **more}
        for n in range(count)
    ]
    return WorkflowPlan.model_validate(
        {"query": "q", "query_type": "simple_lookup", "shape": "mixed", "steps": steps}
    )


def codes(
    plan: WorkflowPlan, one: AgentCapability, groups: tuple[str, ...] | None = None
) -> set[str]:
    return {found.code for found in validate(plan, Registry((one,)), groups=groups)}


def test_width_size_rights_and_arguments_are_checked():
    assert codes(plan_of(MAX_WIDTH), agent()) == set()
    assert codes(plan_of(MAX_WIDTH + 1), agent()) == {"too_wide"}
    assert codes(plan_of(12, question="x" * 19_000), agent()) == {"too_big"}
    closed = agent(audience=("board",))
    assert codes(plan_of(), closed, ("staff",)) == {"not_permitted"}
    assert codes(plan_of(), closed, ("board", "staff")) == set()
    typed = agent(input_schema={"type": "object", "properties": {"day": {"type": "integer"}}})
    assert codes(plan_of(parameters={"day": "monday"}), typed) == {"bad_arguments"}
    assert codes(plan_of(parameters={"day": 3, "part": 1}), typed) == set()
    assert codes(plan_of(parameters={"tool": "shell/run"}), agent()) == {"bad_arguments"}


async def test_the_scenarios():
    wanted = {
        "What is 2+2?": ["calculation"],
        "What does the documentation say about backups?": ["knowledge"],
        "Compare the harbour guide and the garden guide on salt": ["knowledge", "knowledge", "comparison"],
        "Make a significant decision about the lease": ["knowledge", "reasoning", "action"],
    }  # fmt: skip
    for question, capabilities in wanted.items():
        plan = await planned(question)
        assert [one.capability for one in plan.steps] == capabilities
        assert plan.requires_approval == ("action" in capabilities)


async def test_too_much_is_shown_in_parts():
    plan = await planned(" and ".join(f"delete page {n} of the log" for n in range(24 + 2)))
    assert plan.steps == ()
    assert len(plan.options) == 3
    assert plan.options[0].startswith("Part 1 of 3: delete page 0 of the log")
