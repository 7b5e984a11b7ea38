from hypothesis import given
from hypothesis import strategies as st

from graph.agents.registry import neutral_registry
from graph.planning.dependencies import before, shape_of, waits_of
from graph.planning.estimates import Estimator, critical_path
from graph.planning.optimisation import optimise
from graph.planning.validation import validate
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep, quorum_of

REGISTRY = neutral_registry()


def step(step_id: str, *after: str, capability: str = "knowledge", **more: object) -> WorkflowStep:
    fields: dict[str, object] = {
        "agent": f"any_{capability}", "question": f"about {step_id}",
        "requires_approval": capability == "action", **more,
    }  # fmt: skip
    return WorkflowStep(step_id=step_id, capability=capability, depends_on=after, **fields)  # type: ignore[arg-type]


def plan(*steps: WorkflowStep) -> WorkflowPlan:
    return WorkflowPlan(
        query="q",
        query_type="complex_analysis",
        shape=shape_of(steps),
        steps=steps,
        requires_approval=any(one.requires_approval for one in steps),
    )


def after(made: WorkflowPlan) -> dict[str, tuple[str, ...]]:
    return {one.step_id: one.depends_on for one in made.steps}


def test_the_same_reading_is_done_once():
    made = optimise(
        plan(
            step("a", question="What is the fee?"),
            step("b", question="What is  the fee"),
            step("c", "a", "b", capability="reasoning"),
        ),
        REGISTRY,
    )
    assert after(made) == {"a": (), "c": ("a",)}


def test_parts_of_one_question_stay_apart():
    one, other = (step(f"p{n}", question="rates", parameters={"part": n}) for n in (1, 2))
    assert len(optimise(plan(one, other), REGISTRY).steps) == 2


def test_readings_in_a_row_become_parallel():
    made = optimise(
        plan(step("a"), step("b", "a"), step("c", "a", "b", capability="comparison")), REGISTRY
    )
    assert after(made) == {"a": (), "b": (), "c": ("a", "b")}
    assert made.shape == "parallel_then_join"


def test_a_second_hop_still_waits():
    hop = step("b", "a", parameters={"resolve": {"a": "the author"}})
    assert after(optimise(plan(step("a"), hop), REGISTRY))["b"] == ("a",)
    pronoun = step("b", "a", question="Where do they live?")
    assert after(optimise(plan(step("a"), pronoun), REGISTRY))["b"] == ("a",)


def test_a_reading_after_a_change_still_waits():
    made = plan(step("do", capability="action"), step("look", "do", capability="tool"))
    assert after(optimise(made, REGISTRY))["look"] == ("do",)


def test_a_deed_after_readings_after_a_change_still_waits_for_it():
    made = plan(
        step("do", capability="action"),
        step("look", "do"),
        step("read", "look"),
        step("send", "read", capability="action"),
    )
    assert after(optimise(made, REGISTRY)) == after(made)


def test_changes_are_never_merged():
    made = plan(
        step("a", capability="action", question="x"),
        step("b", "a", capability="action", question="x"),
    )
    assert len(optimise(made, REGISTRY).steps) == 2


def test_members_of_a_quorum_are_counted_one_by_one():
    same = {"question": "What is the fee?", "policy": "quorum(2)"}
    members = [step(name, **same) for name in ("a", "b", "d")]
    join = step("c", "a", "b", "d", capability="reasoning")
    assert after(optimise(plan(*members, join), REGISTRY))["c"] == ("a", "b", "d")


def test_nobody_waits_for_a_part_of_a_quorum():
    members = [step(name, policy="quorum(2)") for name in ("a", "b")]
    reading = step("c", "a", "b", parameters={"resolve": {"a": "the author"}})
    assert after(optimise(plan(*members, reading), REGISTRY))["c"] == ("a", "b")
    between = step("d", "a", "b", capability="reasoning")
    last = step("e", "a", "b", "d")
    assert after(optimise(plan(*members, between, last), REGISTRY))["e"] == ("a", "b", "d")


@st.composite
def plans(draw: st.DrawFn) -> WorkflowPlan:
    steps: list[WorkflowStep] = []
    for number in range(draw(st.integers(1, 9))):
        known = [one.step_id for one in steps]
        needed = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        capability = draw(
            st.sampled_from(
                ["knowledge", "knowledge", "tool", "reasoning", "calculation", "action"]
            )
        )
        asked = draw(st.sampled_from(["fees?", "tides?", "where is it?"]))
        question = f"do {number}" if capability == "action" else asked
        # A quorum of one never asks for more than there are.
        policy = draw(st.sampled_from(["required", "required", "optional", "quorum(1)"]))
        more = {"capability": capability, "question": question, "policy": policy}
        steps.append(step(f"s{number}", *needed, **more))
    return plan(*steps)


@given(plans())
def test_optimised_plans_answer_the_same(made: WorkflowPlan):
    better = optimise(made, REGISTRY)
    assert validate(better, REGISTRY) == []
    kept = {one.step_id for one in better.steps}
    reading = {"knowledge", "tool", "catalogue"}
    for one in made.steps:
        if one.capability not in reading:
            assert one.step_id in kept
    counted = {one.step_id for one in made.steps if quorum_of(one.policy)}
    assert counted <= kept
    waits = {one.step_id: set(one.depends_on) & counted for one in made.steps}
    assert all(set(one.depends_on) & counted == waits[one.step_id] for one in better.steps)
    content = {one.step_id: (one.agent, one.question) for one in made.steps}
    asked = {(one.agent, one.question) for one in better.steps}
    assert asked == set(content.values())
    old_inputs = {one.step_id: {content[n] for n in one.depends_on} for one in made.steps}
    for one in better.steps:
        if one.capability not in reading:
            assert {content[needed] for needed in one.depends_on} == old_inputs[one.step_id]


@given(plans())
def test_optimising_never_adds_a_wait_and_ends(made: WorkflowPlan):
    better = optimise(made, REGISTRY)
    held = {one.step_id for one in made.steps if one.requires_approval}
    old, new = before(waits_of(made.steps)), before(waits_of(better.steps))
    assert len(better.steps) <= len(made.steps)
    assert better.estimate.seconds <= Estimator().plan(made, REGISTRY).estimate.seconds + 1e-9
    for one in better.steps:
        if one.requires_approval:
            assert new[one.step_id] & held == old[one.step_id] & held
    again = optimise(better, REGISTRY)
    assert len(again.steps) <= len(better.steps)


def test_estimates_follow_the_longest_chain():
    made = plan(step("a"), step("b", "a", capability="reasoning"), step("c", capability="tool"))
    free = Estimator().plan(made, REGISTRY)
    assert [one.step_id for one in critical_path(free.steps)] == ["a", "b"]
    assert (free.estimate.tokens, free.estimate.cost) == (0, 0.0)
    paid = Estimator(cost_per_1000={"standard": 0.01}).plan(made, REGISTRY)
    assert paid.estimate.tokens == 4300
    assert paid.estimate.cost > 0
    assert paid.estimate.seconds > free.estimate.seconds
