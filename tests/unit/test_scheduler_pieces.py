"""The pieces of the scheduler that need no graph."""

from typing import Any

import httpx
import psycopg
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from graph.nodes.intake import asked
from graph.planning.workflow_plan import WorkflowPlan
from graph.scheduler.failure_policy import reason_to_skip, usable_inputs
from graph.scheduler.progress import Progress
from graph.scheduler.retries import Retries, is_transient
from graph.scheduler.step_results import MAX_TEXT, finished, plain_result
from graph.scheduler.step_work import StepWork
from kb_contract.errors import BadInput, KnowledgeUnavailable, ModelFailed
from tests.doubles.scripted_agents import EveryAgent, plan_of, step


class StatusError(Exception):
    def __init__(self, status_code: int) -> None:
        self.status_code = status_code


def wrapped(error: Exception) -> Exception:
    try:
        raise RuntimeError("outer") from error
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "helps"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (psycopg.OperationalError("gone"), True),
        (httpx.ConnectError("refused"), True),
        (KnowledgeUnavailable("no Qdrant"), True),
        (wrapped(ConnectionError()), True),
        (StatusError(503), True),
        (StatusError(429), True),
        (StatusError(404), False),
        (ValueError("bug"), False),
        (BadInput("wrong"), False),
        (psycopg.ProgrammingError("no such table"), False),
        (ModelFailed("tried twice already"), False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(error: Exception, helps: bool):
    assert is_transient(error) is helps


async def test_waits_grow_and_differ_and_end():
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    async def fail() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Retries(wait=note)(fail)
    assert len(waits) == 3
    assert all(
        least <= wait <= least * 1.25 for least, wait in zip((1.0, 2.0, 4.0), waits, strict=True)
    )


def test_only_a_missing_required_result_stops_a_step():
    a, b = step("a"), step("b", policy="optional")
    c = step("c", "a", "b")
    plan = WorkflowPlan.model_validate(plan_of(a, b, c))
    done, failed = plain_result(a, "done"), plain_result(b, "failed")
    assert reason_to_skip(plan, c, {"a": done, "b": failed}) is None
    assert usable_inputs({"a": done, "b": failed}) == {"a": done}
    nothing = plain_result(a, "nothing_found")
    assert reason_to_skip(plan, c, {"a": nothing, "b": failed}) is None
    rejected = plain_result(a, "rejected")
    assert reason_to_skip(plan, c, {"a": rejected, "b": failed}) == "it needs a, which was rejected"


def test_what_an_agent_wrote_is_cleaned_bounded_and_named_after_its_step():
    written: Any = {
        **plain_result(step("other"), "done"), "text": "x\x00" * MAX_TEXT, "data": {"k": "\ud800"},
    }  # fmt: skip
    result = finished(step("mine"), written, seconds=1.23456, approval={"decision": "approve"})
    assert result["step_id"] == "mine"
    assert result["text"] == "x" * MAX_TEXT
    assert result["data"] == {"k": "\ufffd", "approval": {"decision": "approve"}}
    assert result["seconds"] == 1.235


async def test_the_effect_key_is_the_same_whichever_run_works():
    seen: list[dict[str, Any]] = []

    async def run_agent(task: dict[str, Any]) -> Any:
        seen.append(task)
        return plain_result(step("a"), "done")

    for _ in range(2):
        work = StepWork(run_agent, EveryAgent(), Retries(()), "answer-1")
        await work(step("a"), {}, seconds=5, approval=None)
    assert [one["effect_key"] for one in seen] == ["answer-1/a"] * 2


def test_every_event_has_its_lane():
    events: list[dict[str, Any]] = []
    progress = Progress(events.append)
    one = step("a")
    progress.planned(WorkflowPlan.model_validate(plan_of(one)))
    progress.started(one)
    progress.ended(one, plain_result(one, "failed", error="boom"))
    progress.ended(one, plain_result(one, "skipped", error="it needs b"))
    progress.asked(one, {"digest": "d"})
    progress.answered(one, "approve")
    assert [event["type"] for event in events] == [
        "plan", "step_started", "step_failed", "step_finished", "approval_asked", "approval_answered",
    ]  # fmt: skip
    assert {event["lane"] for event in events} == {"plan", "a_agent"}


PERSON, AGENT = HumanMessage("first?"), AIMessage("an answer")


@pytest.mark.parametrize(
    ("question", "messages", "found"),
    [
        ("new?", [], "new?"),
        ("", [PERSON], "first?"),
        ("first?", [PERSON, AGENT, HumanMessage("second?")], "second?"),  # the last turn's is still there
        ("second?", [PERSON, AGENT], "second?"),
        ("first?", [PERSON, AGENT], "first?"),  # asked again
        ("second?", [PERSON], "second?"),  # the first was cancelled
        ("", [PERSON, AGENT], ""),
        ("", [], ""),
    ],
)  # fmt: skip
def test_the_question_is_the_newest_thing_that_a_person_said(
    question: str, messages: list[Any], found: str
):
    assert asked(question, messages) == found
