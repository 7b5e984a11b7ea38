"""All kinds of agents as one compiled graph, so that a picture of the graph shows them."""

import time
from collections.abc import Mapping
from typing import Any, Final, Protocol, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph.agents.step_results import Agent, task_from_json
from graph.ports import APPROVED_STEP, WORKING_STEP
from graph.state import StepResult
from kb_contract.errors import NotServed

# An agent does what its kind says; a kind without a node of its own works by its capability.
NODE_OF_CAPABILITY: Final = {
    "knowledge": "rag",
    "reasoning": "reasoning",
    "synthesis": "reasoning",
    "comparison": "comparison",
    "calculation": "calculation",
    "catalogue": "catalogue",
    "tool": "system",
    "action": "operations",
}
_FOLDERS: Final = frozenset({"rag", "reasoning", "tools"})
_CALLING: Final = frozenset({"tool", "action"})
_CLASS: Final = "class:"


class Work(TypedDict, total=False):
    """One task in, one result out; plain JSON."""

    task: dict[str, Any]
    result: StepResult


class WorkNode(Protocol):
    """A node as LangGraph calls it."""

    async def __call__(self, state: Work) -> Work: ...


AgentsGraph = CompiledStateGraph[Work, None, Work, Work]


def build_agents_graph(agents: Mapping[str, Agent]) -> AgentsGraph:
    """Make a graph with one node per kind of agent."""
    builder = StateGraph(Work)
    for kind, agent in agents.items():
        builder.add_node(kind, _node(agent))
        builder.add_edge(kind, END)

    def route(work: Work) -> str:
        return node_for(work.get("task", {}), agents)

    builder.add_conditional_edges(START, route, list(agents))
    return builder.compile()


def node_for(task: Mapping[str, Any], agents: Mapping[str, Agent]) -> str:
    """Return the node that does a task."""
    kind, capability = str(task["agent"]["kind"]), str(task["capability"])
    if capability in _CALLING and task.get("parameters", {}).get("tool") and kind not in agents:
        kind = "tools"  # a call that the plan spells out is made as it stands there
    for node in _candidates(kind, capability):
        if node in agents:
            return node
    raise NotServed(
        f"no agent of kind {kind!r} can do {capability!r}",
        where=f"step {task['step_id']}",
        cure=f"kinds: {', '.join(agents)}",
    )


def _candidates(kind: str, capability: str) -> tuple[str, ...]:
    """What a folder's agent does follows from what is asked of it; a class does all of its own."""
    usual = NODE_OF_CAPABILITY.get(capability, "")
    if kind.startswith(_CLASS):
        return ("class",)
    if kind in _FOLDERS and capability in _CALLING:
        return ("tools",)
    return ("rag", kind) if kind in _FOLDERS and capability == "knowledge" else (kind, usual)


def _node(agent: Agent) -> WorkNode:
    async def work(state: Work) -> Work:
        began = time.perf_counter()
        task = task_from_json(state.get("task", {}))
        working = WORKING_STEP.set((task.step_id, task.agent.agent_id))
        approved = APPROVED_STEP.set(task.approved)
        try:
            result = await agent(task)
        finally:
            WORKING_STEP.reset(working)
            APPROVED_STEP.reset(approved)
        return {"result": {**result, "seconds": round(time.perf_counter() - began, 3)}}

    return work
