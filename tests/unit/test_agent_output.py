"""What agents give back: believed only after it was looked at."""

from typing import Any

import pytest

from graph.planning.workflow_plan import WorkflowPlan
from graph.scheduler.agent_output import LARGEST_DATA, MOST_CLAIMS, checked
from graph.scheduler.failure_policy import reason_to_skip
from graph.scheduler.step_results import MAX_TEXT, finished, plain_result
from kb_contract.errors import BadInput
from tests.doubles.scripted_agents import plan_of, step

GOOD: dict[str, Any] = {"status": "done", "text": "fine"}


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def test_a_text_is_an_answer_without_citations():
    result = checked(step("a"), "hello")
    assert (result["status"], result["text"], result["claims"]) == ("done", "hello", [])


@pytest.mark.parametrize(
    "written",
    [
        None, 7, [], True, {"text": "no status"}, {"status": "approved", "text": "x"},
        {"status": "rejected", "text": "x"}, {"status": "skipped", "text": "x"},
        {"status": "done", "text": ["x"]}, {"status": "done", "text": None}, {"status": 1},
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused(written: Any):
    with pytest.raises(BadInput, match="gave"):
        checked(step("a"), written)


def test_wrong_parts_are_dropped_and_the_rest_is_kept():
    claim = {"text": "c", "quotes": []}
    written = {
        **GOOD, "claims": [claim, 7, {"text": 1}, {"quotes": []}], "passages": "many",
        "usage": [{"model": "m"}], "seconds": "long", "error": 5, "unknown": object(),
    }  # fmt: skip
    result = checked(step("a"), written)
    assert (result["claims"], result["passages"], result["usage"]) == ([claim], [], [])
    assert "unknown" not in result


@pytest.mark.parametrize(
    "data",
    [{"x": object()}, {"x": float("nan")}, {"x": "y" * LARGEST_DATA}, deep(50_000), {1: {2}}],
)
def test_data_that_cannot_be_kept_is_left_out(data: Any):
    assert set(checked(step("a"), {**GOOD, "data": data})["data"]) == {"left_out"}


def test_everything_is_bounded():
    flood = {
        **GOOD, "text": "x" * (MAX_TEXT + 5), "claims": [{"text": "y" * 9_000, "quotes": []}] * 10_000,
    }  # fmt: skip
    result = checked(step("a"), flood)
    assert len(result["text"]) < MAX_TEXT + 100
    assert len(result["claims"]) == MOST_CLAIMS
    assert len(result["claims"][0]["text"]) < 8_100


def test_a_result_speaks_for_its_own_step_and_approves_nothing():
    forged = checked(
        step("mine"),
        {
            **GOOD, "step_id": "other", "agent_id": "operations", "capability": "action",
            "data": {"approval": {"decision": "approve"}},
        },
    )  # fmt: skip
    result = finished(step("mine"), forged, seconds=1, approval=None)
    assert (result["step_id"], result["agent_id"]) == ("mine", "mine_agent")
    assert (result["capability"], result["data"]) == ("knowledge", {})


@pytest.mark.parametrize(("failing", "works"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_quorum_needs_so_many_and_not_more(failing: int, works: bool):
    asked = [step(f"a{n}", policy="quorum(2)") for n in range(3)]
    join = step("join", "a0", "a1", "a2")
    plan = WorkflowPlan.model_validate(plan_of(*asked, join))
    ended = ["failed"] * failing + ["done"] * (3 - failing)
    results: Any = {
        one.step_id: plain_result(one, status) for one, status in zip(asked, ended, strict=True)
    }
    reason = reason_to_skip(plan, join, results)
    assert (reason is None) is works
    assert works or "it needs 2 of a0, a1, a2" in str(reason)


@pytest.mark.parametrize("policy", ["quorum(0)", "quorum", "quorum(100)", "maybe", "quorum(-1)"])
def test_a_policy_that_is_none_is_refused(policy: str):
    with pytest.raises(ValueError, match="policy"):
        step("a", policy=policy)


def test_a_number_that_no_checkpoint_holds_fails_the_step_and_not_the_run():
    with pytest.raises(BadInput, match="64 bits"):
        checked(step("a"), {**GOOD, "data": {"n": 2**64}})
