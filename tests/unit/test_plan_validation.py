import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.agents.registry import neutral_registry
from graph.planning.dependencies import (
    before,
    cycle_in,
    depths,
    in_order,
    shape_of,
    waits_of,
    widest,
)
from graph.planning.own_plan import read_own_plan
from graph.planning.picture import mermaid
from graph.planning.validation import validate
from graph.planning.workflow_plan import MAX_STEPS, WorkflowPlan, WorkflowStep

REGISTRY = neutral_registry()


def step(step_id: str, *after: str, capability: str = "knowledge", **more: object) -> WorkflowStep:
    fields: dict[str, object] = {
        "agent": f"any_{capability}", "question": f"about {step_id}",
        "requires_approval": capability == "action", **more,
    }  # fmt: skip
    return WorkflowStep(step_id=step_id, capability=capability, depends_on=after, **fields)  # type: ignore[arg-type]


def plan(*steps: WorkflowStep, **more: object) -> WorkflowPlan:
    fields: dict[str, object] = {
        "query": "q", "query_type": "complex_analysis", "shape": shape_of(steps),
        "requires_approval": any(one.requires_approval for one in steps), **more,
    }  # fmt: skip
    return WorkflowPlan(steps=steps, **fields)  # type: ignore[arg-type]


def codes(made: WorkflowPlan) -> set[str]:
    return {one.code for one in validate(made, REGISTRY)}


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (plan(step("a", "b"), step("b", "a")), "cycle"),
        (plan(step("a", "b"), step("b", "a")), "no_entry_point"),
        (plan(step("a", "a")), "self_loop"),
        (plan(step("a"), step("a")), "duplicate_id"),
        (plan(step("a", "ghost")), "unknown_dependency"),
        (plan(step("a"), step("b", "a", "a")), "repeated_dependency"),
        (plan(step("a", agent="nobody")), "unknown_agent"),
        (plan(step("a", agent="any_tool")), "capability_mismatch"),
        (plan(step("a", capability="action", requires_approval=False)), "needs_approval"),
        (plan(step("a", capability="action"), requires_approval=False), "approval_not_said"),
        (plan(*(step(f"s{n}") for n in range(MAX_STEPS + 1))), "too_many_steps"),
        (plan(step("s0"), *(step(f"s{n}", f"s{n - 1}") for n in range(1, 14))), "too_deep"),
        (plan(step("a"), step("b", question="about {a}")), "not_independent"),
        (plan(step("a"), step("b", parameters={"resolve": {"a": "x"}})), "not_independent"),
        (plan(step("a", capability="action", question="x"), step("b", capability="action", question="x")), "not_independent"),
        (plan(step("a", policy="quorum(2)"), step("b", "a")), "quorum_too_large"),
        (plan(shape="single"), "no_steps"),
        (plan(step("a"), clarification="which?"), "steps_and_clarification"),
    ],
)  # fmt: skip
def test_problems_are_found(made: WorkflowPlan, code: str):
    assert code in codes(made)


def test_a_sound_plan_has_no_problems():
    made = plan(step("a"), step("b"), step("c", "a", "b", capability="comparison"))
    assert validate(made, REGISTRY) == []


@st.composite
def dags(draw: st.DrawFn) -> tuple[WorkflowStep, ...]:
    count = draw(st.integers(1, 9))
    steps: list[WorkflowStep] = []
    for number in range(count):
        known = [one.step_id for one in steps]
        after = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        capability = draw(st.sampled_from(["knowledge", "tool", "reasoning", "calculation"]))
        steps.append(step(f"s{number}", *after, capability=capability))
    return tuple(draw(st.permutations(steps)))


@given(dags())
def test_random_plans_without_cycles_are_valid(steps: tuple[WorkflowStep, ...]):
    made = plan(*in_order(steps))
    assert not codes(made) - {"too_deep"}
    assert cycle_in(waits_of(steps)) == []


@given(dags())
def test_order_and_depth_follow_the_dependencies(steps: tuple[WorkflowStep, ...]):
    ordered = in_order(steps)
    place = {one.step_id: at for at, one in enumerate(ordered)}
    depth, done_before = depths(waits_of(steps)), before(waits_of(steps))
    for one in ordered:
        assert all(place[needed] < place[one.step_id] for needed in one.depends_on)
        assert all(depth[needed] < depth[one.step_id] for needed in done_before[one.step_id])
    assert 1 <= widest(waits_of(steps)) <= len(steps)


@given(dags(), st.data())
def test_a_step_back_is_a_cycle(steps: tuple[WorkflowStep, ...], data: st.DataObject):
    done_before = before(waits_of(steps))
    late = data.draw(st.sampled_from(steps))
    early = data.draw(st.sampled_from([late.step_id, *done_before[late.step_id]]))
    turned = [
        one.model_copy(update={"depends_on": (*one.depends_on, late.step_id)})
        if one.step_id == early else one
        for one in steps
    ]  # fmt: skip
    assert "cycle" in codes(plan(*turned))


def test_a_ring_behind_a_join_ends_and_is_a_cycle():
    ring = (step("a"), step("b"), step("c", "a", "b", "d"), step("d", "c"))
    assert shape_of(ring) == "mixed"
    assert "cycle" in codes(plan(*ring))


@pytest.mark.parametrize(
    ("steps", "shape"),
    [
        ((), "direct"),
        ((step("a"),), "single"),
        ((step("a"), step("b", "a"), step("c", "b")), "sequential"),
        ((step("a"), step("b"), step("c", "a", "b")), "parallel_then_join"),
        ((step("a"), step("b"), step("c", "a", "b"), step("d", "c")), "parallel_then_join"),
        ((step("a"), step("b")), "parallel_then_join"),
        ((step("a"), step("b").model_copy(update={"capability": "action"})), "mixed"),
        ((step("a"), step("b", "a"), step("c", "a")), "mixed"),
        ((step("a"), step("b", "a"), step("c"), step("d", "b", "c")), "mixed"),
    ],
)
def test_shapes(steps: tuple[WorkflowStep, ...], shape: str):
    assert shape_of(steps) == shape


def test_an_own_plan_is_filled_in():
    made, problems = read_own_plan(
        {
            "query": "q",
            "steps": [
                {"step_id": "do", "agent": "any_action", "depends_on": ["read"]},
                {"step_id": "read", "agent": "any_knowledge", "question": "rules?"},
            ],
        },
        REGISTRY,
    )
    assert problems == []
    assert made is not None
    assert [one.step_id for one in made.steps] == ["read", "do"]
    assert made.steps[1].requires_approval
    assert made.requires_approval
    assert (made.shape, made.made_by, made.steps[1].question) == ("sequential", "person", "q")
    assert made.estimate.seconds > 0


def test_an_own_plan_cannot_get_around_an_approval():
    row = {"step_id": "a", "agent": "any_action", "requires_approval": False}
    made, _ = read_own_plan({"query": "q", "requires_approval": False, "steps": [row]}, REGISTRY)
    assert made is not None
    assert made.steps[0].requires_approval


def test_a_plan_of_ours_can_be_sent_back():
    made, _ = read_own_plan(
        {"query": "q", "steps": [{"step_id": "a", "agent": "any_tool"}]}, REGISTRY
    )
    assert made is not None
    again, problems = read_own_plan(made.model_dump(mode="json"), REGISTRY)
    assert (again, problems) == (made, [])


@pytest.mark.parametrize(
    "data",
    [
        {"steps": "all"}, {"steps": [7]}, {"steps": [{"step_id": "A b", "agent": "any_tool"}]}, {},
        {"steps": [{"step_id": "a", "agent": "any_tool", "shell": "rm"}]},
        {"steps": [{"step_id": "a", "agent": "ghost", "capability": "tool"}]},
        {"steps": [{"step_id": "a", "agent": "any_tool", "depends_on": ["a"]}]},
        {"query": "q" * 5, "steps": [{"step_id": "a", "agent": "any_tool", "question": "x" * 30_000}]},
    ],
)  # fmt: skip
def test_bad_own_plans_are_refused_with_what_is_wrong(data: dict[str, object]):
    made, problems = read_own_plan(data, REGISTRY, query="q")
    assert made is None
    assert problems
    assert all(str(one) for one in problems)


def test_of_ten_thousand_steps_only_their_number_is_said():
    ring = [{"step_id": f"s{n}", "agent": "any_tool", "depends_on": [f"s{(n + 1) % 10_000}"]} for n in range(10_000)]  # fmt: skip
    made, problems = read_own_plan({"steps": ring}, REGISTRY, query="q")
    assert made is None
    assert [one.code for one in problems] == ["too_many_steps"]


@settings(max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["steps", "query", "step_id", "agent", "depends_on", "x"]), inner, max_size=4),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_json_is_a_valid_plan_or_refused(data: object):
    rows = data if isinstance(data, dict) else {"steps": data}
    made, problems = read_own_plan(rows, REGISTRY)
    assert (made is None) == bool(problems)


def test_the_picture_holds_no_syntax_of_the_question():
    made = plan(step("a-b", question='x"] --> evil["<b>&'), step("a_b", "a-b", capability="action"))
    drawn = mermaid(made)
    assert "evil[" not in drawn
    assert "step1 --> step2" in drawn
    assert "class step2 approval" in drawn
    assert mermaid(plan()).startswith("flowchart TD")
