"""Every form of answer that inboxes send is read; everything else is refused with a reason."""

from typing import Any

import pytest

from graph.approval_requests.answers import Decision, decided_digest, read_answer
from graph.approval_requests.request import approval_request, first_form
from graph.approval_requests.shown_action import VERSION, ShownAction, shown_action
from graph.planning.tool_card import ToolCard
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan, WorkflowStep
from graph.state import StepResult
from kb_contract.errors import BadInput

OPS = ShownAction("ops")
EDIT = {"name": "ops", "args": {"parameters": {"action": "look"}}}


def step(**more: Any) -> WorkflowStep:
    usual: dict[str, Any] = {
        "step_id": "s1", "agent": "ops", "capability": "action", "question": "do it", "parameters": {"a": 1},
    }  # fmt: skip
    return WorkflowStep(**{**usual, **more})


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


def digest(*steps: WorkflowStep, asked: WorkflowStep | None = None, **more: Any) -> str:
    return approval_request(plan(*steps), asked or steps[0], **more)["digest"]


def test_the_digest_changes_with_everything_that_is_shown():
    alone = digest(step())
    assert alone == digest(step())
    assert alone != digest(step(), asked=step(parameters={"a": 2}))
    assert alone != digest(step(), step(parameters={}))
    resting = step(depends_on=("k1",))
    one, other = (digest(resting, needed={"k1": found(text)}) for text in ("one", "other"))
    assert one != other


def found(text: str, **more: Any) -> StepResult:
    passage = {
        "agent_id": "a", "generation": 3, "git_sha": "f" * 40, "uncommitted": False, "dagster_run_id": None,
        "chunk_id": f"c-{text}", "document_id": "d", "path": "a.md", "title": "A", "heading_path": [],
        "page": None, "start": 0, "end": 9, "text": text, "score": 0.9, **more,
    }  # fmt: skip
    return {
        "step_id": "k1", "agent_id": "a", "capability": "knowledge", "status": "done", "text": text,
        "claims": [], "passages": [passage], "data": {}, "error": None, "usage": [], "seconds": 0.0,
    }  # type: ignore[typeddict-item]  # fmt: skip


def agent(**more: Any) -> AgentCapability:
    return AgentCapability(
        agent_id="ops", title="Operations", purpose="does", kind="operations", capabilities=("action",), **more
    )  # fmt: skip


def test_a_person_sees_what_why_impact_risk_evidence_advice_and_what_happens_next():
    resting = step(depends_on=("k1",))
    after = step(step_id="s2", depends_on=("s1",))
    asked = approval_request(plan(resting, after), resting, agent(), {"k1": found("words")})
    assert asked["approval_version"] == VERSION
    assert (asked["what"], asked["why"]) == ("Operations: do it", "It is a step of the plan for: q")
    assert "changes something" in asked["impact"]
    assert asked["risk"]["level"] == "high"
    [cited] = asked["evidence"]
    assert (cited["quote"], cited["path"], cited["generation"]) == ("words", "a.md", 3)
    assert asked["recommendation"]["decision"] == "look_closer"
    assert "s2 goes on" in asked["next"]["approve"]
    assert "s2 cannot work without it" in asked["next"]["reject"]
    description = asked["action_requests"][0]["description"]
    assert "a/a.md" in description
    assert "words" not in description, "inboxes render it, and documents are data"


def test_what_can_be_taken_back_is_recommended_and_what_misses_its_grounds_is_not():
    refresh = step(parameters={"action": "refresh_knowledge", "agent_id": "a"})
    asked = approval_request(plan(refresh), refresh, agent())
    assert (asked["risk"]["level"], asked["recommendation"]["decision"]) == ("low", "approve")
    alone = step(depends_on=("k1",))
    advice = approval_request(plan(alone), alone, agent())["recommendation"]
    assert (advice["decision"], "k1" in advice["because"]) == ("reject", True)


SCHEMA = {"type": "object", "properties": {"action": {"type": "string", "enum": ["look", "go"]}},
          "additionalProperties": False}  # fmt: skip


def test_an_edit_must_fit_the_schema_of_the_agent():
    asked = approval_request(
        plan(step()), step(parameters={"action": "look"}), agent(input_schema=SCHEMA)
    )
    shown = shown_action(asked)
    assert shown is not None
    fits = read_answer(
        {
            "type": "edit",
            "edited_action": {"name": "ops", "args": {"parameters": {"action": "go"}}},
        },
        shown,
    )
    assert fits.edited_action is not None
    assert (
        decided_digest(shown, fits)
        != decided_digest(shown, Decision(type="approve"))
        == shown.digest
    )
    for wrong in ({"action": "rm"}, {"action": 1}, {"other": 1}):
        answer = {"type": "edit", "edited_action": {"name": "ops", "args": {"parameters": wrong}}}
        with pytest.raises(BadInput, match="do not fit args_schema"):
            read_answer(answer, shown)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "no such type"},
        {"properties": {"a": {"pattern": "(a+)+$"}}, "type": "object", "required": ["b"]},
    ],
)
def test_a_schema_of_a_hostile_tool_server_fetches_nothing_and_hangs_nothing(
    schema: dict[str, Any],
):
    card = ToolCard(name="s/t", input_schema=schema, fingerprint="f")
    calls = step(parameters={"tool": "s/t", "arguments": {"a": 1}})
    shown = shown_action(approval_request(plan(calls), calls, agent(tools=(card,))))
    assert shown is not None
    edit = {
        "name": "ops",
        "args": {"parameters": {"tool": "s/t", "arguments": {"a": "a" * 40 + "!"}}},
    }
    with pytest.raises(BadInput, match="args_schema"):
        read_answer({"type": "edit", "edited_action": edit}, shown)


def test_an_edit_follows_a_tool_schema_with_definitions_and_with_an_argument_named_pattern():
    schema = {
        "type": "object",
        "properties": {"pattern": {"type": "string"}, "where": {"$ref": "#/$defs/Place"}},
        "$defs": {"Place": {"type": "object", "required": ["path"]}},
        "additionalProperties": False,
    }
    card = ToolCard(name="files/remove", input_schema=schema, fingerprint="f")
    calls = step(parameters={"tool": card.name, "arguments": {"pattern": "*.log"}})
    shown = shown_action(approval_request(plan(calls), calls, agent(tools=(card,))))
    assert shown is not None

    def edit(**arguments: Any) -> dict[str, Any]:
        args = {"parameters": {"tool": card.name, "arguments": arguments}}
        return {"type": "edit", "edited_action": {"name": "ops", "args": args}}

    assert read_answer(edit(pattern="*.tmp", where={"path": "/a"}), shown).type == "edit"
    several: list[dict[str, Any]] = [{"pattern": 7}, {"where": {}}, {"other": 1}]
    for wrong in several:
        with pytest.raises(BadInput, match="do not fit args_schema"):
            read_answer(edit(**wrong), shown)


def test_a_request_of_the_first_version_is_still_read():
    shown = shown_action(first_form(plan(step()), step()))
    assert shown is not None
    assert (shown.version, shown.schema, shown.name) == (1, None, "ops")
    assert read_answer("approve", shown).type == "approve"
    assert shown_action({"question": "in a form of its own"}) is None
    assert shown_action("words") is None


@pytest.mark.parametrize("kind", ["approve", "reject", "respond"])
def test_only_an_edit_changes_what_is_done(kind: str):
    shown = shown_action(approval_request(plan(step()), step()))
    assert shown is not None
    edited = {"name": "ops", "args": {"question": "something else"}}
    with pytest.raises(BadInput, match="takes no edited_action"):
        read_answer({"type": kind, "message": "so", "edited_action": edited}, shown)


def test_an_answer_to_something_else_is_refused():
    shown = shown_action(approval_request(plan(step()), step()))
    assert shown is not None
    with pytest.raises(BadInput, match="something other"):
        read_answer({"decisions": [{"type": "approve"}], "digest": "0" * 64}, shown)


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
    decision = read_answer(answer, OPS)
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
        read_answer(answer, OPS)
    assert reason in str(refused.value)
    assert '{"decisions": [{"type": "approve"}]}' in str(refused.value)


def test_texts_of_an_answer_are_cleaned():
    assert read_answer({"type": "respond", "message": "a\x00b\ud800"}, OPS).message == "ab\ufffd"


def test_an_answer_too_deep_to_be_one_is_refused():
    deep: Any = "x"
    for _ in range(2_000):
        deep = [deep]
    with pytest.raises(BadInput, match="nested"):
        read_answer(deep, OPS)
