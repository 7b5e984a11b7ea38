"""The scheduler inside the compiled graph, on LangGraph's own saver in memory."""

import asyncio
import uuid
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import is_invalid_resume
from langgraph.runtime import RunControl
from langgraph.types import Command
from pydantic import ValidationError

from graph.agent_graph import ReaderGraph
from graph.checkpoints import strict_serializer
from kb_contract.errors import BadInput
from tests.doubles.scripted_agents import (
    EffectsInMemory,
    KeptAnswers,
    plan_of,
    scripted_graph,
    step,
)

APPROVE = {"decisions": [{"type": "approve"}]}


class Conversation:
    """One thread of a graph with scripted agents."""

    def __init__(self, **bounds: Any) -> None:
        self.effects = EffectsInMemory()
        self.answers = KeptAnswers()
        self.events: list[dict[str, Any]] = []
        self.graph: ReaderGraph = scripted_graph(
            self.effects,
            checkpointer=InMemorySaver(serde=strict_serializer()),
            answers=self.answers,
            **bounds,
        )
        self.config: dict[str, Any] = {"configurable": {"thread_id": str(uuid.uuid4())}}

    async def say(self, said: Any, **more: Any) -> dict[str, Any]:
        async for kind, part in self.graph.astream(
            said, self.config, stream_mode=["custom", "values"], durability="sync", **more
        ):
            if kind == "custom":
                self.events.append(part)
        return (await self.graph.aget_state(self.config)).values

    async def ask(self, *steps: Any, **more: Any) -> dict[str, Any]:
        return await self.say({"question": "q?", "own_plan": plan_of(*steps)}, **more)

    async def pending(self) -> dict[str, str]:
        state = await self.graph.aget_state(self.config)
        return {one.value["step_id"]: one.id for one in state.interrupts}

    async def answer(self, step_id: str, value: Any) -> dict[str, Any]:
        return await self.say(Command(resume={(await self.pending())[step_id]: value}))

    def worked(self) -> list[str]:
        return [key.rsplit("/", 1)[1] for key in self.effects.effects]

    def said(self, kind: str) -> list[str]:
        return [one["step"] for one in self.events if one["type"] == kind]


def statuses(state: dict[str, Any]) -> dict[str, str]:
    return {name: one["status"] for name, one in state["results"].items()}


async def test_a_step_starts_when_its_own_dependencies_are_done():
    talk = Conversation()
    state = await talk.ask(
        step("a", script={"seconds": 0.05}), step("slow", script={"seconds": 0.6}), step("b", "a")
    )
    assert talk.worked() == ["a", "b", "slow"]
    assert state["results"]["b"]["data"]["inputs"] == ["a"]
    assert state["status"] == "completed"


async def test_no_more_steps_at_once_than_asked():
    talk = Conversation(max_parallel=8)
    running = most = 0
    original = talk.effects.attempt

    async def attempt(key: str) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        return await original(key)

    async def effect(key: str) -> None:
        nonlocal running
        running -= 1
        talk.effects.effects.append(key)

    talk.effects.attempt, talk.effects.effect = attempt, effect  # type: ignore[method-assign]
    await talk.ask(
        *(step(f"s{n}", script={"seconds": 0.02}) for n in range(6)), context={"max_parallel": 2}
    )
    assert most == 2
    assert len(talk.worked()) == 6


async def test_passing_errors_are_tried_again_and_lasting_ones_are_not():
    talk = Conversation()
    state = await talk.ask(step("a", script={"fails": 3}), step("b", script={"fails": "always"}))
    assert statuses(state) == {"a": "done", "b": "failed"}
    assert sum(key.endswith("/a") for key in talk.effects.attempts) == 4
    assert sum(key.endswith("/b") for key in talk.effects.attempts) == 1
    assert "cannot do this" in state["results"]["b"]["error"]


async def test_what_needs_a_failed_step_is_skipped_and_the_rest_is_answered():
    talk = Conversation()
    state = await talk.ask(
        step("a", script={"fails": "always"}),
        step("b", "a"),
        step("c", "b"),
        step("d"),
        step("e", script={"fails": "always"}, policy="optional"),
        step("f", "e", "d"),
    )
    assert statuses(state) == {
        "a": "failed", "b": "skipped", "c": "skipped", "d": "done", "e": "failed", "f": "done",
    }  # fmt: skip
    assert state["results"]["b"]["error"] == "it needs a, which failed"
    assert state["results"]["f"]["data"]["inputs"] == ["d"]
    assert state["status"] == "partial"


async def test_a_step_that_takes_too_long_fails_alone():
    talk = Conversation()
    state = await talk.ask(step("a", script={"seconds": 30}, timeout_seconds=0.05), step("b"))
    assert statuses(state) == {"a": "failed", "b": "done"}
    assert state["results"]["a"]["error"] == "it took longer than 0.05 s"


async def test_the_whole_plan_has_a_deadline():
    talk = Conversation()
    state = await talk.ask(
        step("a", script={"seconds": 30}), step("b", "a", policy="optional"), step("c"),
        context={"timeout": 0.2},
    )  # fmt: skip
    assert statuses(state) == {"a": "failed", "b": "skipped", "c": "done"}


async def test_an_agent_that_is_gone_fails_its_step_clearly():
    state = await Conversation().ask(step("a", agent="gone"), step("b"))
    assert statuses(state) == {"a": "failed", "b": "done"}
    assert "there is no agent 'gone' now" in state["results"]["a"]["error"]


async def test_an_answered_approval_frees_its_own_branch_only():
    talk = Conversation()
    await talk.ask(
        step("g", requires_approval=True), step("h", "g"),
        step("g2", requires_approval=True), step("h2", "g2"), step("free"),
    )  # fmt: skip
    assert talk.worked() == ["free"]
    assert set(await talk.pending()) == {"g", "g2"}
    await talk.answer("g2", APPROVE)
    assert talk.worked() == ["free", "g2", "h2"]
    assert set(await talk.pending()) == {"g"}
    state = await talk.answer("g", APPROVE)
    assert talk.worked() == ["free", "g2", "h2", "g", "h"]
    assert talk.said("approval_asked") == ["g", "g2"]
    assert talk.said("approval_answered") == ["g2", "g"]
    assert state["status"] == "completed"


async def test_edited_arguments_are_used_and_recorded():
    talk = Conversation()
    await talk.ask(step("g", requires_approval=True, script={"fails": "always"}))
    edit = {"name": "g_agent", "args": {"parameters": {"seconds": 0.01}}}
    state = await talk.answer("g", {"decisions": [{"type": "edit", "edited_action": edit}]})
    approval = state["results"]["g"]["data"]["approval"]
    assert state["results"]["g"]["status"] == "done"
    assert approval["decision"] == "edit"
    assert approval["arguments"] == {"question": "do g", "parameters": {"seconds": 0.01}}


async def test_a_rejected_step_does_nothing_and_what_needs_it_is_skipped():
    talk = Conversation()
    await talk.ask(step("g", requires_approval=True), step("h", "g"), step("free"))
    state = await talk.answer("g", {"decisions": [{"type": "reject", "message": "not today"}]})
    assert statuses(state) == {"g": "rejected", "h": "skipped", "free": "done"}
    assert state["results"]["g"]["error"] == "not today"
    assert talk.worked() == ["free"]


async def test_a_response_stands_in_for_the_work():
    talk = Conversation()
    await talk.ask(step("g", requires_approval=True), step("h", "g"))
    state = await talk.answer("g", {"decisions": [{"type": "respond", "message": "I know: 42"}]})
    assert state["results"]["g"]["text"] == "I know: 42"
    assert talk.worked() == ["h"]


@pytest.mark.parametrize("nonsense", ["perhaps", 7, {"decisions": []}, {"type": "explode"}, False])
async def test_an_answer_that_is_none_is_refused_and_can_be_given_again(nonsense: Any):
    talk = Conversation()
    await talk.ask(step("g", requires_approval=True))
    with pytest.raises(ValidationError) as refused:
        await talk.answer("g", nonsense)
    assert is_invalid_resume(refused.value)
    assert talk.worked() == []
    assert set(await talk.pending()) == {"g"}
    state = await talk.answer("g", "approve")
    assert statuses(state) == {"g": "done"}


async def test_a_cancelled_run_goes_on_where_it_was():
    talk = Conversation()
    asked = asyncio.create_task(talk.ask(step("a"), step("b", "a", script={"seconds": 3})))
    async with asyncio.timeout(60):
        while "b" not in talk.said("step_started"):
            await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert talk.worked() == ["a"]
    state = await talk.say(None)
    assert statuses(state) == {"a": "done", "b": "done"}
    assert talk.worked() == ["a", "b"]


async def test_a_thread_has_many_turns():
    talk = Conversation()
    first = await talk.ask(step("a"))
    second = await talk.say({"messages": [HumanMessage("and what about this?")]})
    assert (second["question"], second["status"]) == ("and what about this?", "needs_clarification")
    assert (second["results"], second["own_plan"]) == ({}, None)
    third = await talk.ask(step("b"))
    assert statuses(third) == {"b": "done"}
    assert [type(one) for one in third["messages"]] == [HumanMessage, AIMessage] * 3
    assert len({first["answer_id"], second["answer_id"], third["answer_id"]}) == 3
    assert set(talk.answers.kept) == {first["answer_id"], second["answer_id"], third["answer_id"]}


async def test_a_question_may_hold_what_databases_refuse():
    talk = Conversation()
    state = await talk.say(
        {"question": "a\x00b \ud83d\ude00 \ud800 c", "own_plan": plan_of(step("a"))}
    )
    assert state["question"] == "ab 😀 \ufffd c"
    assert state["messages"][0].text == "ab 😀 \ufffd c"
    chat = await talk.say({"messages": [HumanMessage("again\x00 \udfff")]})
    assert chat["messages"][-2].text == "again \ufffd"


@pytest.mark.parametrize(
    "said",
    [
        {"question": ""},
        {"question": " \x00 "},
        {"question": "x" * 20_001},
        {"question": 7},
        {"question": "q", "agent": ["a"]},
        {"question": "q", "own_plan": "steps"},
        {"messages": [AIMessage("I ask myself")]},
    ],
)
async def test_what_cannot_be_asked_is_refused(said: dict[str, Any]):
    with pytest.raises(BadInput, match="question"):
        await Conversation().say(said)


async def test_a_process_that_is_asked_to_end_begins_nothing_new():
    talk = Conversation()
    control = RunControl()
    asked = asyncio.create_task(
        talk.ask(step("a", script={"seconds": 2}), step("b", "a"), control=control)
    )
    async with asyncio.timeout(60):
        while "a" not in talk.said("step_started"):
            await asyncio.sleep(0.01)
    control.request_drain()
    await asked
    assert (talk.worked(), await talk.pending()) == (["a"], {})
    state = await talk.say(None)
    assert talk.worked() == ["a", "b"]
    assert statuses(state) == {"a": "done", "b": "done"}


async def test_a_second_answer_changes_nothing():
    talk = Conversation()
    await talk.ask(step("g", requires_approval=True), step("g2", requires_approval=True))
    first = (await talk.pending())["g"]
    await talk.answer("g", APPROVE)
    await talk.say(Command(resume={first: {"decisions": [{"type": "reject"}]}}))
    state = await talk.answer("g2", APPROVE)
    assert statuses(state) == {"g": "done", "g2": "done"}
    assert talk.worked() == ["g", "g2"]


async def test_an_action_asks_even_where_its_plan_forgot_to():
    talk = Conversation()
    await talk.ask(step("act").model_copy(update={"capability": "action"}))
    assert talk.worked() == []
    assert set(await talk.pending()) == {"act"}
