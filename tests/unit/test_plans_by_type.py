"""The type of a question counts in its plan: what is after documents reads and does nothing else."""

from typing import Any

import pytest

from graph.agents.registry import neutral_registry
from graph.classification.clarifying import ASKED
from graph.classification.classifier import Classification
from graph.classification.query_type import QueryType
from graph.classification.trained import TrainedClassifier
from graph.planning.agent_choice import no_affinity
from graph.planning.clause_kinds import asks_for_stock
from graph.planning.decomposition import sketch_of
from graph.planning.evidence import asks_how
from graph.planning.needs_reading import NeedsReader, load_parts
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import WorkflowPlan

BOTH = pytest.mark.parametrize("rules_alone", [False, True])


async def plan_of(
    question: str, said: Classification, *, rules_alone: bool = False
) -> WorkflowPlan:
    planner = RulePlanner(needs=NeedsReader(rules_alone=rules_alone))
    return await planner.plan(question, said, neutral_registry(), no_affinity)


async def classified(question: str) -> list[str]:
    if load_parts() is None:
        pytest.skip("the sentence model is not installed")
    said = await TrainedClassifier().classify(question, registry=neutral_registry())
    return [str(one.capability) for one in (await plan_of(question, said)).steps]


@pytest.mark.parametrize(
    "question",
    [
        "What is the boiling point of mercury?", "vaccine storage temperature", "melting point of iron",
        "which port does the API listen on", "who can access the server room", "Where is the server room?",
        "how many annual leave days", "asking price 14 Mill Lane", "cutoff friday pickup bremen",
        "sow 118 due when", "crew hotel Madrid phone", "Remove a member, how?", "delete a branch, how",
    ],
)  # fmt: skip
async def test_what_documents_know_is_looked_up_in_them(question: str):
    assert await classified(question) == ["knowledge"]


@pytest.mark.parametrize(
    "question",
    [
        "Is the queue stuck?", "how full is the disk", "how many jobs are running",
        "What is the current temperature in the freezer?", "Show queue length of the embedder.",
        "is the beacon lit",
    ],
)  # fmt: skip
async def test_how_things_are_now_is_still_looked_at(question: str):
    assert await classified(question) == ["tool"]


@pytest.mark.parametrize(
    "question",
    [
        "Who's the caretaker at Lindenallee 9? He's to be told that the boiler inspection is due.",
        "Silence alert E-417 until six, and what does that code mean, going by the manual?",
        "Remove the member", "remove a member, no matter how",
    ],
)  # fmt: skip
async def test_a_deed_is_asked_about_whatever_the_type(question: str):
    assert "action" in await classified(question)


async def test_what_is_computed_or_compared_is_no_deed_and_a_deed_beside_it_is():
    asked = "Work out the cost per seat of the old and the new theatre and say which is lower."
    assert "action" not in await classified(asked)
    assert "action" in await classified(
        "Work out the mean of the three bids and order from the lowest."
    )


@pytest.mark.parametrize(
    ("question", "stock"),
    [
        ("Which allergens does the pistachio tart contain?", False), ("What does the fund cover?", False),
        ("What do you know?", True), ("Which documents cover vacuum?", True), ("What can I ask?", True),
    ],
)  # fmt: skip
def test_what_a_cake_contains_is_no_question_of_the_catalogue(question: str, stock: bool):
    assert asks_for_stock(question) is stock


def test_how_is_asked_at_either_end():
    for question in ("how do I leave", "Remove a member, how?", "reset the router - how"):
        assert asks_how(question)
    for question in ("Tell them how", "reset it no matter how", "Remove a member and show how"):
        assert not asks_how(question)


def test_what_points_back_is_asked_with_what_it_points_to():
    sketch = sketch_of("How long do we keep backups, and who may restore one?")
    assert "backups" in sketch.needs[1].question


def chosen(query_type: QueryType) -> Classification:
    return Classification(query_type, 1.0, ASKED)


@BOTH
@pytest.mark.parametrize("query_type", ["simple_lookup", "rag_document"])
async def test_who_wanted_a_document_gets_no_deed_and_no_state(query_type: Any, rules_alone: bool):
    for question in ("Delete the old log", "Is the queue stuck?", "Notify the members"):
        plan = await plan_of(question, chosen(query_type), rules_alone=rules_alone)
        assert {one.capability for one in plan.steps} <= {"knowledge", "reasoning", "comparison"}
        assert plan.steps
        assert not plan.requires_approval


@BOTH
async def test_who_wanted_something_done_is_asked_or_looks(rules_alone: bool):
    for question in ("the membership of Ada Lovelace", "the boiler in the annex"):
        plan = await plan_of(question, chosen("tool_operation"), rules_alone=rules_alone)
        assert {one.capability for one in plan.steps} & {"action", "tool", "calculation"}


@BOTH
async def test_who_wanted_to_see_what_there_is_gets_the_catalogue(rules_alone: bool):
    plan = await plan_of("moorings and tides", chosen("schema_discovery"), rules_alone=rules_alone)
    assert [one.capability for one in plan.steps] == ["catalogue"]


@BOTH
async def test_who_wanted_it_weighed_gets_more_than_a_passage(rules_alone: bool):
    plan = await plan_of("moorings and tides", chosen("complex_analysis"), rules_alone=rules_alone)
    works_out = {"calculation", "comparison", "reasoning"}
    assert {one.capability for one in plan.steps} & works_out
