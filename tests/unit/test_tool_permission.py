"""The locks before every call of a tool, each closed by itself."""

from dataclasses import replace
from typing import Any

import pytest

from graph.agents.tool_permission import checked_arguments, permitted
from graph.agents.tool_selection import selected
from graph.planning.registry import Registry
from graph.planning.tool_card import ToolCard, allowed
from graph.planning.tool_choice import arguments_in, best_tool, calling_agents, missing_arguments
from graph.planning.tool_grants import with_tool_grants
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan
from graph.ports import AgentTask
from kb_contract.errors import ToolRefused
from tests.doubles.scripted_agents import plan_of, step


def card(name: str, description: str = "", *, changes: bool = False, **types: str) -> ToolCard:
    schema = {
        "type": "object",
        "properties": {one: {"type": kind} for one, kind in types.items()},
        "required": list(types),
    }
    return ToolCard(
        name=name, description=description, input_schema=schema, changes=changes,
        fingerprint=f"print of {name}",
    )  # fmt: skip


FORECAST = card("weather/get_forecast", "Weather forecast of a city", city="string")
DELETE = card("notes/delete_note", "Delete a note", changes=True, note_id="integer")
CLOCK = card("time/now", "Tell the time")


def agent(*tools: ToolCard, agent_id: str = "desk") -> AgentCapability:
    return AgentCapability(
        agent_id=agent_id, title="Desk", purpose="", kind="tools", capabilities=("tool", "action"),
        tools=tools,
    )  # fmt: skip


def task(*tools: ToolCard, **more: Any) -> AgentTask:
    granted = {one.name: one.fingerprint for one in tools}
    base = AgentTask("s1", agent(*tools), "tool", "?", {}, {}, "standard", tools=granted)
    return replace(base, **more)


def test_open_when_every_lock_is():
    assert permitted(task(FORECAST), FORECAST.name) == FORECAST
    assert permitted(task(DELETE, approved=True), DELETE.name) == DELETE


@pytest.mark.parametrize(
    ("closed", "tool", "said"),
    [
        (task(FORECAST), DELETE.name, "may not call"),
        (task(FORECAST, tools={}), FORECAST.name, "does not grant"),
        (task(FORECAST, tools={FORECAST.name: "old"}), FORECAST.name, "not what it was"),
        (task(DELETE), DELETE.name, "nobody approved"),
    ],
)
def test_each_lock_closes(closed: AgentTask, tool: str, said: str):
    with pytest.raises(ToolRefused, match=said):
        permitted(closed, tool)


@pytest.mark.parametrize("wrong", [{}, {"note_id": "7"}, {"note_id": None}, {"note_id": [1]}])
def test_arguments_follow_the_schema(wrong: dict[str, Any]):
    assert checked_arguments(DELETE, {"note_id": 7}) == {"note_id": 7}
    with pytest.raises(ToolRefused, match="note_id"):
        checked_arguments(DELETE, wrong)
    broken = DELETE.model_copy(update={"input_schema": {"type": 7}})
    with pytest.raises(ToolRefused, match="schema cannot be used"):
        checked_arguments(broken, {"note_id": 7})


def test_an_allow_list_is_of_names_and_globs():
    cards = (FORECAST, DELETE, CLOCK)
    assert allowed(cards, ["weather/*", "time/now"]) == (CLOCK, FORECAST)
    assert allowed(cards, ["*/delete_*"]) == (DELETE,)
    assert allowed(cards, []) == ()
    assert allowed(cards, ["weather"]) == ()


def test_a_plan_binds_its_steps_to_the_tools_of_its_time():
    registry = Registry((agent(FORECAST, DELETE, agent_id="a_agent"),))
    reading = step("a").model_copy(update={"capability": "tool"})
    naming = reading.model_copy(update={"parameters": {"tool": DELETE.name}, "step_id": "b"})
    document = step("c", agent="a_agent")
    plan = with_tool_grants(
        WorkflowPlan.model_validate(plan_of(reading, naming, document)), registry
    )
    one, two, three = plan.steps
    assert set(one.tools) == {FORECAST.name, DELETE.name}
    assert (two.tools, two.requires_approval) == ({DELETE.name: DELETE.fingerprint}, True)
    assert three.tools == {}
    assert plan.requires_approval
    other = Registry((agent(FORECAST.model_copy(update={"fingerprint": "new"})),))
    assert other.digest() != Registry((agent(FORECAST),)).digest()


def test_a_tool_is_chosen_by_its_words_and_arguments_are_read():
    cards = [FORECAST, DELETE, CLOCK]
    assert best_tool("What is the weather forecast for Oslo?", cards) == FORECAST
    assert best_tool("How long may a yacht stay?", cards) is None
    assert arguments_in("What is the weather forecast for Oslo?", FORECAST) == {"city": "Oslo"}
    assert arguments_in('forecast city="New York"', FORECAST) == {"city": "New York"}
    assert arguments_in('Call it with {"city": "Rome"}', FORECAST) == {"city": "Rome"}
    assert arguments_in("Delete note 7", DELETE) == {"note_id": 7}
    assert arguments_in("Delete my notes", DELETE) is None
    assert arguments_in("now?", CLOCK) == {}


def test_who_has_no_tool_for_it_leaves_it_to_us():
    ours = agent(agent_id="system")
    theirs = agent(FORECAST, DELETE, agent_id="desk")
    asked = "Show the weather forecast for Oslo"
    assert calling_agents(asked, [theirs, ours], changing=False) == (theirs,)
    assert calling_agents("How busy is the queue?", [theirs, ours], changing=False) == (ours,)
    assert "note_id" in str(missing_arguments("Delete my note", [theirs]))
    assert missing_arguments("Delete note 7", [theirs]) is None
    assert missing_arguments("Refresh the knowledge of git", [theirs]) is None


async def test_without_a_persons_word_only_reading_tools_are_chosen():
    chosen = await selected(task(FORECAST, DELETE, question="forecast for Oslo"), None)
    assert (chosen.tool, chosen.arguments) == (FORECAST.name, {"city": "Oslo"})
    refused = await selected(task(DELETE, question="Delete note 7"), None)
    assert refused.tool == ""
    assert "which one" in refused.why_not
    said = task(DELETE, parameters={"tool": DELETE.name}, question="Delete note 7")
    assert (await selected(said, None)).arguments == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"$ref": "#"},
        {
            "$ref": "#/$defs/d0",
            "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
            | {"d40": {}},
        },
    ],
)
def test_a_schema_that_leads_elsewhere_or_nowhere_is_refused_before_the_call(
    schema: dict[str, Any],
):
    lying = FORECAST.model_copy(update={"input_schema": schema})
    with pytest.raises(ToolRefused, match="schema cannot be used"):
        checked_arguments(lying, {"a": "b"})


def test_a_pattern_of_a_stranger_keeps_nobody_busy():
    named = {"^(a+)+$": {"type": "string"}}
    schema = {"properties": {"a": {"pattern": "^(a+)+$", "patternProperties": named}}, "patternProperties": named, "additionalProperties": False}  # fmt: skip
    slow = FORECAST.model_copy(update={"input_schema": schema})
    told = {"a": "a" * 60 + "!", "a" * 60 + "!": 1}
    assert checked_arguments(slow, told) == told
