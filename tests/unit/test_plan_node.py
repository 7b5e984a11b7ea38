import json
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from graph.agents.registry import LiveRegistry
from graph.classification.rules import RuleClassifier
from graph.nodes.classify import Classify
from graph.nodes.plan import Plan, in_context
from graph.planning.clarified import MOST_TIMES
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import WorkflowPlan
from graph.state import State
from tests.doubles.in_memory_knowledge import InMemoryKnowledge


@pytest.fixture
def reader() -> InMemoryKnowledge:
    knowledge = InMemoryKnowledge()
    knowledge.add_agent("harbour_rules", purpose="moorings, tides and fees")
    knowledge.add_agent("garden_guide", purpose="soil, seeds and pruning")
    return knowledge


async def planned(reader: InMemoryKnowledge, question: str, **more: Any) -> dict[str, Any]:
    state = State(question=question, **more)
    registry = LiveRegistry(reader)
    said = await Classify(RuleClassifier(), registry)(state)
    state = State(question=question, **{**more, **said})
    update = await Plan(RulePlanner(), reader, registry)(state)
    assert json.loads(json.dumps({**said, **update})) == {**said, **update}
    return {**said, **update}


async def test_classify_and_plan_write_plain_json(reader: InMemoryKnowledge):
    update = await planned(reader, "When are the seeds sown?")
    assert update["query_type"] == "simple_lookup"
    assert WorkflowPlan.model_validate(update["plan"]).steps[0].agent == "garden_guide"
    assert set(update["timings"]) == {"classify", "plan", "plan_cached"}


async def test_small_talk_has_no_steps_and_no_status(reader: InMemoryKnowledge):
    update = await planned(reader, "thank you")
    assert (update["plan"]["steps"], update["plan"]["shape"]) == ([], "direct")
    assert "status" not in update


async def test_a_question_back_is_left_to_be_asked(reader: InMemoryKnowledge):
    update = await planned(reader, "the thing")
    assert (update["plan"]["steps"], update["plan"]["answerable"]) == ([], True)
    assert "Harbour rules" in update["plan"]["options"][1]
    assert "status" not in update


async def test_what_was_asked_too_often_is_the_answer(reader: InMemoryKnowledge):
    update = await planned(reader, "the thing", clarified=MOST_TIMES)
    assert update["status"] == "needs_clarification"
    assert "Harbour rules" in update["answer"]


async def test_a_named_agent_is_asked_alone(reader: InMemoryKnowledge):
    update = await planned(reader, "Compare tides and seeds", agent="harbour_rules")
    assert [one["agent"] for one in update["plan"]["steps"]] == ["harbour_rules"]


async def test_an_unknown_agent_is_said(reader: InMemoryKnowledge):
    update = await planned(reader, "What are the fees?", agent="harbor")
    assert update["status"] == "needs_clarification"
    assert "harbour_rules" in update["answer"]


async def test_an_own_plan_is_taken(reader: InMemoryKnowledge):
    rows = [{"step_id": "look", "agent": "garden_guide", "question": "Which soil?"}]
    update = await planned(reader, "soil", own_plan={"steps": rows})
    assert update["plan"]["made_by"] == "person"
    assert update["plan"]["steps"][0]["question"] == "Which soil?"


async def test_a_bad_own_plan_is_refused_with_every_problem(reader: InMemoryKnowledge):
    rows = [{"step_id": "a", "agent": "ghost", "capability": "tool", "depends_on": ["b"]}]
    update = await planned(reader, "soil", own_plan={"steps": rows})
    assert update["status"] == "refused"
    assert "no agent 'ghost'" in update["answer"]
    assert "no step 'b'" in update["answer"]


async def test_no_knowledge_is_explained():
    update = await planned(InMemoryKnowledge(), "What are the fees?")
    assert update["status"] == "needs_clarification"
    assert "kb ingest" in update["answer"]


def test_a_follow_up_is_read_with_what_it_follows():
    talk = [HumanMessage("What are the fees?"), AIMessage("Ten."), HumanMessage("tell me more")]
    assert in_context("tell me more", talk) == "What are the fees? (tell me more)"
    assert in_context("Which soil?", talk) == "Which soil?"
    assert in_context("it", []) == "it"


class NearlySpent:
    """A budget that wants a person to be asked before the steps of one agent."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.asked: list[tuple[str, str]] = []

    async def prices(self) -> dict[str, float]:
        return {"standard": 0.001}

    async def ask_first(self, steps: Sequence[tuple[str, str]]) -> str:
        self.asked += steps
        return self.why


@pytest.mark.parametrize("why", ["", "the budget service is nearly spent"])
async def test_a_budget_may_want_a_person_to_agree(reader: InMemoryKnowledge, why: str):
    spending = NearlySpent(why)
    question = "When are the seeds sown?"
    plan = Plan(RulePlanner(), reader, LiveRegistry(reader), spending=spending)
    made = (await plan(State(question=question)))["plan"]
    assert spending.asked == [("garden_guide", "cheap")]
    assert made["requires_approval"] == made["steps"][0]["requires_approval"] == bool(why)
    assert (why in made["reasons"]) == bool(why)
