"""What the planner cannot tell is asked with an interrupt, and the answer lets planning go on."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from graph.agents.registry import LiveRegistry
from graph.approval_requests.answers import read_answer
from graph.approval_requests.shown_action import shown_action
from graph.classification.question_back import ACTION, asked_back
from graph.classification.rules import RuleClassifier
from graph.nodes.clarify import clarify
from graph.nodes.classify import Classify
from graph.nodes.plan import Plan
from graph.planning.clarified import MOST_TIMES, planners_request, question_after
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import WorkflowPlan
from graph.routing import after_clarify, after_plan
from graph.state import State
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

THREAD: Any = {"configurable": {"thread_id": "1"}}


@pytest.fixture
def talk() -> Any:
    """The graph as far as its plan."""
    knowledge = InMemoryKnowledge()
    knowledge.add_agent("harbour_rules", purpose="moorings, tides and fees")
    knowledge.add_agent("garden_guide", purpose="soil, seeds and pruning")
    registry = LiveRegistry(knowledge)
    made = StateGraph(State)
    made.add_node("classify", Classify(RuleClassifier(), registry, ask_below=0.2))
    made.add_node("plan", Plan(RulePlanner(), knowledge, registry))
    made.add_node("clarify", clarify)
    made.add_edge(START, "classify")
    made.add_edge("classify", "plan")
    made.add_conditional_edges(
        "plan", after_plan, {"execute": END, "synthesize": END, "remember": END, "clarify": "clarify"}
    )  # fmt: skip
    made.add_conditional_edges("clarify", after_clarify, {"classify": "classify", "remember": END})
    return made.compile(checkpointer=InMemorySaver())


def asked(state: dict[str, Any]) -> dict[str, Any]:
    return state["__interrupt__"][0].value


def responded(words: str) -> Command[Any]:
    return Command(resume={"decisions": [{"type": "respond", "message": words}]})


async def test_an_unclear_question_waits_and_goes_on_with_the_chosen_option(talk: Any):
    waiting = await talk.ainvoke({"question": "the thing"}, THREAD)
    request = asked(waiting)
    assert (request["action_requests"][0]["name"], request["step_id"]) == (ACTION, "plan")
    assert (waiting.get("answer", ""), waiting.get("status", "")) == ("", "")
    place = next(n for n, one in enumerate(request["options"], 1) if "Garden guide" in one)
    done = await talk.ainvoke(responded(str(place)), THREAD)
    assert [step["agent"] for step in done["plan"]["steps"]] == ["garden_guide"]
    assert done["question"] == "the thing"


async def test_words_of_ones_own_are_the_question(talk: Any):
    await talk.ainvoke({"question": "do it"}, THREAD)
    done = await talk.ainvoke(responded("When is high tide?"), THREAD)
    assert done["plan"]["query"] == "When is high tide?"
    assert [step["agent"] for step in done["plan"]["steps"]] == ["harbour_rules"]


async def test_approving_takes_the_first_option(talk: Any):
    waiting = await talk.ainvoke({"question": "the thing"}, THREAD)
    done = await talk.ainvoke(Command(resume={"decisions": [{"type": "approve"}]}), THREAD)
    assert done["plan"]["query"] == asked(waiting)["options"][0]


async def test_rejecting_ends_it_with_what_was_unclear(talk: Any):
    await talk.ainvoke({"question": "the thing"}, THREAD)
    done = await talk.ainvoke(Command(resume={"decisions": [{"type": "reject"}]}), THREAD)
    assert done["status"] == "needs_clarification"
    assert "Garden guide" in done["answer"]


async def test_a_missing_target_is_asked_for_and_keeps_the_order(talk: Any):
    waiting = await talk.ainvoke({"question": "Pause the ingestion of the knowledge"}, THREAD)
    request = asked(waiting)
    assert set(request["options"]) == {"garden_guide", "harbour_rules"}
    done = await talk.ainvoke(responded("garden_guide"), THREAD)
    [step] = done["plan"]["steps"]
    assert (step["agent"], step["requires_approval"]) == ("operations", True)
    assert (step["parameters"]["action"], step["parameters"]["agent_id"]) == (
        "pause",
        "garden_guide",
    )


async def test_nobody_is_asked_for_ever(talk: Any):
    state = await talk.ainvoke({"question": "the thing"}, THREAD)
    for _ in range(MOST_TIMES):
        assert "__interrupt__" in state
        state = await talk.ainvoke(responded("it"), THREAD)
    assert "__interrupt__" not in state
    assert state["status"] == "needs_clarification"


@pytest.mark.parametrize("question", ["Archive the log", "Paint the fence"])
async def test_what_no_answer_can_help_is_said_at_once(talk: Any, question: str):
    state = await talk.ainvoke({"question": question}, THREAD)
    assert "__interrupt__" not in state
    assert state["status"] == "needs_clarification"


PLAN = WorkflowPlan(
    query="pause it", query_type="tool_operation", shape="direct",
    clarification="The knowledge of which agent?", options=("harbour_rules", "garden_guide"),
    answerable=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("2", "pause indexing (garden_guide)"),
        ([{"type": "response", "args": "1."}], "pause indexing (harbour_rules)"),
        ({"type": "accept"}, "pause indexing (harbour_rules)"),
        ("Garden_Guide", "pause indexing (garden_guide)"),
        ("all of them", "pause indexing (all of them)"),
        ({"decisions": [{"type": "reject", "message": "the garden one"}]}, "pause indexing (the garden one)"),
        ({"type": "ignore"}, None),
        (False, None),
    ],
)  # fmt: skip
def test_answers_are_read_in_every_form(answer: Any, question: str | None):
    assert question_after("pause indexing.", PLAN, answer) == question


def test_without_options_only_words_help():
    plain = PLAN.model_copy(update={"options": ()})
    assert question_after("pause indexing", plain, "approve") is None
    assert question_after("pause indexing", plain, "7") == "pause indexing (7)"
    assert "own words" in planners_request("x", plain)["action_requests"][0]["description"]


def test_the_server_takes_the_same_answers_as_for_approvals():
    shown = shown_action(planners_request("pause it", PLAN))
    assert shown is not None
    assert shown.digest
    decision = read_answer({"decisions": [{"type": "respond", "message": "2"}]}, shown)
    assert decision.message == "2"


def test_a_question_back_is_told_from_an_approval():
    back = {"request": planners_request("pause it", PLAN)}
    approval = {"request": {"action_requests": [{"name": "operations", "description": "Pause"}]}}
    assert "2. garden_guide" in asked_back([back])
    assert asked_back([back, approval]) == ""
    assert asked_back([{"request": "an own form"}]) == ""
    assert asked_back([]) == ""
