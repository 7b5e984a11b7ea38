"""Agents that act or tell what is: what they do, and what they refuse."""

from typing import Any

import pytest

from graph.agents.catalogue import Catalogue
from graph.agents.operations import OperationsAgent
from graph.agents.step_results import emit, task_from_json, task_to_json
from graph.agents.system import System
from graph.gateways.catalogue_queries import topic_of
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from kb_contract.errors import BadInput
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

OPERATIONS = AgentCapability(
    agent_id="operations",
    title="Operations",
    purpose="",
    kind="operations",
    capabilities=("action",),
)


class DoneInMemory:
    """Keeps what was asked for; a key has its effect once."""

    def __init__(self) -> None:
        self.done: dict[str, dict[str, Any]] = {}

    async def perform(self, action: str, arguments: dict[str, Any], *, key: str) -> dict[str, Any]:
        made = {"key": key, "action": action, "arguments": arguments, "status": "requested"}
        return self.done.setdefault(key, made)


class StateInMemory:
    async def read(self) -> dict[str, list[dict[str, Any]]]:
        services = [{"service": name, "state": "up"} for name in ("postgres", "qdrant")]
        return {"queue": [{"runs_waiting": 2}], "generations": [{"agent_id": "a"}], "runs": [],
                "services": services}  # fmt: skip


def task(question: str, key: str = "k", **parameters: Any) -> AgentTask:
    return AgentTask("s", OPERATIONS, "action", question, parameters, {}, "cheap", key)


def knowledge() -> InMemoryKnowledge:
    reader = InMemoryKnowledge()
    reader.add_document("security_agent", "x.md", "Keys.")
    reader.add_document("git_recipes", "y.md", "Commits.")
    return reader


@pytest.mark.parametrize(
    "asked",
    [
        task("Please re-ingest the knowledge of the security agent"),
        task("refresh security_agent"),
        task("do it", action="refresh_knowledge", agent_id="security_agent"),
        task("do it", action="ingest", agent="Security agent"),
    ],
)
async def test_a_refresh_is_asked_for_once(asked: AgentTask) -> None:
    operations = DoneInMemory()
    agent = OperationsAgent(operations, knowledge())
    first, second = await agent(asked), await agent(asked)
    assert first["text"] == second["text"]
    assert list(operations.done) == ["k"]
    assert operations.done["k"]["arguments"] == {"agent_id": "security_agent"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (task("delete all collections"), "Possible: refresh"),
        (task("x", action="drop_alias", agent_id="security_agent"), "Possible: refresh"),
        (task("refresh the knowledge"), "There are: security_agent, git_recipes"),
        (task("refresh security_agent and git_recipes"), "which agent is meant"),
    ],
)
async def test_anything_else_is_refused_with_what_is_possible(asked: AgentTask, says: str) -> None:
    operations = DoneInMemory()
    result = await OperationsAgent(operations, knowledge())(asked)
    assert result["status"] == "nothing_found"
    assert says in result["text"]
    assert operations.done == {}


async def test_an_action_without_a_key_does_nothing() -> None:
    operations = DoneInMemory()
    with pytest.raises(BadInput, match="once"):
        await OperationsAgent(operations, knowledge())(task("refresh security_agent", key=""))
    assert operations.done == {}


async def test_catalogue_and_system_say_what_is_there() -> None:
    listed = await Catalogue(knowledge())(task("Which agents are there?"))
    assert listed["text"].startswith("Agents (2):\n- agent id: security_agent")
    state = await System(StateInMemory())(task("How long is the queue?"))
    assert state["text"] == "Queue (1):\n- runs waiting: 2"


@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ("is qdrant up", "done", "Services (1):\n- service: qdrant, state: up"),
        ("What is the status of the system?", "done", "Generations (1)"),
        ("What is the boiling point of mercury?", "nothing_found", "none of it tells this"),
        ("Is the printer on floor two out of paper?", "nothing_found", "queue, generations"),
    ],
)
async def test_the_live_state_tells_what_was_asked_and_nothing_else(
    question: str, status: str, says: str
) -> None:
    state = await System(StateInMemory())(task(question))
    assert state["status"] == status
    assert says in state["text"]
    assert "postgres" not in state["text"] or "status" in question


def test_topics_of_the_catalogue() -> None:
    asked = {"How many files are quarantined?": "quarantined", "which tags exist": "tags",
             "what do you know?": "agents", "history of security_agent": "generations"}  # fmt: skip
    assert {question: topic_of(question) for question in asked} == asked


def test_a_task_travels_as_json_and_events_outside_of_a_graph_go_nowhere() -> None:
    one = task("q", agent_id="a")
    assert task_from_json(task_to_json(one)) == one
    emit(one, "retrieving")
