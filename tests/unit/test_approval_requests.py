"""Every form of answer that inboxes send is read; everything else is refused with a reason."""

from typing import Any

import pytest

from graph.approval_requests import approval_digest, approval_request, read_answer
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from kb_contract.errors import BadInput

EDIT = {"name": "ops", "args": {"parameters": {"action": "look"}}}


def step(**more: Any) -> WorkflowStep:
    return WorkflowStep(
        step_id="s1", agent="ops", capability="action", question="do it", **{"parameters": {"a": 1}, **more}
    )  # fmt: skip


def plan(*steps: WorkflowStep) -> WorkflowPlan:
    return WorkflowPlan(query="q", query_type="tool_operation", shape="single", steps=steps)


def test_a_request_shows_exactly_what_will_be_done():
    asked = approval_request(plan(step()), step())
    assert asked["action_requests"][0]["name"] == "ops"
    assert asked["action_requests"][0]["args"] == {"question": "do it", "parameters": {"a": 1}}
    assert asked["review_configs"][0]["allowed_decisions"] == [
        "approve",
        "edit",
        "reject",
        "respond",
    ]
    assert (asked["step_id"], asked["agent_id"]) == ("s1", "ops")


def test_the_digest_changes_with_the_step_and_with_the_plan():
    alone = approval_digest(plan(step()), step())
    assert alone == approval_digest(plan(step()), step())
    assert alone != approval_digest(plan(step()), step(parameters={"a": 2}))
    assert alone != approval_digest(plan(step(), step(parameters={})), step())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"decisions": [{"type": "approve"}]}, "approve"),
        ({"type": "approve"}, "approve"),
        ([{"type": "approve"}], "approve"),
        (True, "approve"),
        ("approve", "approve"),
        ("Accept", "approve"),
        ([{"type": "accept", "args": None}], "approve"),
        ({"decisions": [{"type": "reject", "message": "no"}]}, "reject"),
        ([{"type": "ignore", "args": None}], "reject"),
        ("reject", "reject"),
        ([{"type": "response", "args": "it is 42"}], "respond"),
        ({"decisions": [{"type": "respond", "message": "it is 42"}]}, "respond"),
        ({"decisions": [{"type": "edit", "edited_action": EDIT}]}, "edit"),
        ([{"type": "edit", "args": {"action": "ops", "args": EDIT["args"]}}], "edit"),
    ],
)
def test_every_known_form_is_read(answer: Any, kind: str):
    decision = read_answer(answer, action="ops")
    assert decision.type == kind
    if kind == "respond":
        assert decision.message == "it is 42"
    if kind == "edit":
        assert decision.edited_action is not None
        assert decision.edited_action.args.parameters == {"action": "look"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "no decision"),
        (False, "no decision"),
        (1, "no decision"),
        ("maybe", "no decision"),
        ({}, "no decision"),
        ([], "one decision is needed, not 0"),
        ({"decisions": [{"type": "approve"}, {"type": "approve"}]}, "not 2"),
        ({"type": "explode"}, "'approve', 'edit', 'reject' or 'respond'"),
        ({"type": ["approve"]}, "type"),
        ({"type": "edit"}, "edited_action"),
        ({"type": "respond"}, "needs a message"),
        ({"type": "edit", "edited_action": {**EDIT, "name": "rag"}}, "cannot become 'rag'"),
        ({"type": "edit", "edited_action": {"name": "ops", "args": {"path": "/"}}}, "path"),
        ({"type": "edit", "edited_action": {"name": "ops", "args": "rm"}}, "args"),
        ({"type": "approve", "message": "x" * 20_001}, "20000"),
    ],
)
def test_everything_else_is_refused_with_the_cure(answer: Any, reason: str):
    with pytest.raises(BadInput) as refused:
        read_answer(answer, action="ops")
    assert reason in str(refused.value)
    assert '{"decisions": [{"type": "approve"}]}' in str(refused.value)


def test_texts_of_an_answer_are_cleaned():
    assert (
        read_answer({"type": "respond", "message": "a\x00b\ud800"}, action="ops").message
        == "ab\ufffd"
    )


def test_an_answer_too_deep_to_be_one_is_refused():
    deep: Any = "x"
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(BadInput, match="nested"):
        read_answer(deep, action="ops")
