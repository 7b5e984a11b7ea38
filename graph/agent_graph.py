"""The reader's graph. Read this first: the nodes stand here in the order in which they work.

intake → understand → recall → classify → plan → execute → synthesize → verify → remember
                          │      ↑          └→ (no steps: synthesize; clarify when the person is asked
                          │      └─ clarify ←┘   back, remember when nothing can be planned)
                          └→ remember, when the answer is known
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from graph.nodes.clarify import clarify
from graph.nodes.execute import Execute
from graph.nodes.intake import Intake
from graph.nodes.recall import nothing_is_kept
from graph.nodes.remember import Remember
from graph.nodes.understand import as_asked
from graph.routing import STEPS_LIMIT, after_clarify, after_plan, after_recall
from graph.run_context import RunContext
from graph.state import Answer, Question, State, StepResult

GRAPH_NAME = "scriptorium"

Node = Callable[..., Awaitable[dict[str, Any]]]
AgentsGraph = CompiledStateGraph[Any, Any, Any, Any]
ReaderGraph = CompiledStateGraph[State, RunContext, Question, Answer]


# Without this, the run's durability "sync" makes a graph wait for a checkpoint that it never writes.
_KEEPS_NOTHING: Final[RunnableConfig] = {"configurable": {"__pregel_durability": "async"}}


@dataclass(frozen=True)
class Nodes:
    """Everything that the graph is made of, in flow order; each node holds what it needs."""

    intake: Intake
    classify: Node
    plan: Node
    execute: Execute
    agents: AgentsGraph
    """Every kind of agent; `execute` runs it once per step."""
    synthesize: Node
    verify: Node
    remember: Remember
    understand: Node = as_asked
    recall: Node = nothing_is_kept


def agent_graph(
    nodes: Nodes, *, checkpointer: BaseCheckpointSaver[str] | None = None
) -> ReaderGraph:
    """Join the nodes."""
    graph = StateGraph(
        State, input_schema=Question, output_schema=Answer, context_schema=RunContext
    )
    graph.add_node("intake", nodes.intake, metadata={"does": "cleans the question"})
    graph.add_node("understand", nodes.understand, metadata={"does": "makes a follow-up whole"})
    graph.add_node(
        "recall", nodes.recall, metadata={"does": "gives an answer again that still holds"}
    )
    graph.add_node(
        "classify", nodes.classify, metadata={"does": "says what kind of question it is"}
    )
    graph.add_node("plan", nodes.plan, metadata={"does": "says which agents do what"})
    graph.add_node("clarify", clarify, metadata={"does": "asks the person what is meant"})
    graph.add_node(
        "execute",
        _with_agents_in_sight(nodes.execute, nodes.agents),
        metadata={"does": "runs the agents in parallel and asks for approvals"},
    )
    graph.add_node("synthesize", nodes.synthesize, metadata={"does": "writes the answer"})
    graph.add_node("verify", nodes.verify, metadata={"does": "checks every quote"})
    graph.add_node("remember", nodes.remember, metadata={"does": "keeps the answer"})

    graph.add_edge(START, "intake")
    graph.add_edge("intake", "understand")
    graph.add_edge("understand", "recall")
    graph.add_conditional_edges("recall", after_recall)
    graph.add_edge("classify", "plan")
    graph.add_conditional_edges("plan", after_plan)
    graph.add_conditional_edges("clarify", after_clarify)
    graph.add_edge("execute", "synthesize")
    graph.add_edge("synthesize", "verify")
    graph.add_edge("verify", "remember")
    graph.add_edge("remember", END)
    compiled = graph.compile(checkpointer=checkpointer, name=GRAPH_NAME)
    return compiled.with_config(recursion_limit=STEPS_LIMIT)


def _with_agents_in_sight(execute: Execute, agents: AgentsGraph) -> Node:
    """LangGraph finds the agents' graph, for its pictures, in a function's closure.

    The scheduler keeps whole results of steps, so agents keep no checkpoints of their own.
    """

    async def execute_plan(state: State, runtime: Runtime[RunContext]) -> dict[str, Any]:
        unkept = agents.copy({"checkpointer": False})

        async def run_agent(task: dict[str, Any]) -> StepResult:
            return (await unkept.ainvoke({"task": task}, _KEEPS_NOTHING))["result"]

        return await execute(state, runtime, run_agent)

    return execute_plan
