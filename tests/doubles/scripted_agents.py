"""Agents that do what a step's parameters say, and a graph around them with the real scheduler.

A step's parameters may hold `seconds` (how long it works), `fails` ("always", or a number of
attempts that meet a broken connection) and nothing else is needed.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph

from graph.agent_graph import Nodes, ReaderGraph, agent_graph
from graph.nodes.execute import Execute
from graph.nodes.intake import Intake
from graph.nodes.remember import Remember
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan, WorkflowStep
from graph.ports import AnswerLog, FinishedAnswer
from graph.scheduler.retries import Retries
from graph.state import State, StepResult


class Effects(Protocol):
    """Where attempts and effects are written down."""

    async def attempt(self, key: str) -> int:
        """Note that a step begins to work; says how often that has been."""
        ...

    async def effect(self, key: str) -> None: ...


@dataclass
class EffectsInMemory:
    """For tests within one process."""

    attempts: list[str] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)

    async def attempt(self, key: str) -> int:
        self.attempts.append(key)
        return self.attempts.count(key)

    async def effect(self, key: str) -> None:
        self.effects.append(key)


@dataclass(frozen=True)
class EffectsInPostgres:
    """For tests whose process is killed: each line is committed before the work goes on."""

    connection: psycopg.AsyncConnection[Any]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    TABLE = """
    create table if not exists scripted (
      id bigint generated always as identity, kind text, key text, at timestamptz default clock_timestamp()
    )
    """

    async def attempt(self, key: str) -> int:
        async with self.lock:
            await self._note("attempt", key)
            found = await self.connection.execute(
                "select count(*) from scripted where kind = 'attempt' and key = %s", (key,)
            )
            row = await found.fetchone()
        assert row is not None
        return row[0]

    async def effect(self, key: str) -> None:
        async with self.lock:
            await self._note("effect", key)

    async def _note(self, kind: str, key: str) -> None:
        await self.connection.execute(
            "insert into scripted (kind, key) values (%s, %s)", (kind, key)
        )


class AgentsState(TypedDict, total=False):
    task: dict[str, Any]
    result: StepResult


@dataclass(frozen=True)
class ScriptedAgent:
    """One agent; its result names the inputs that it was given."""

    effects: Effects

    async def __call__(self, state: AgentsState) -> dict[str, Any]:
        task = state["task"]
        script: dict[str, Any] = task["parameters"]
        attempt = await self.effects.attempt(task["effect_key"])
        await asyncio.sleep(script.get("seconds", 0))
        fails = script.get("fails", 0)
        if fails == "always":
            raise ValueError(f"{task['step_id']} cannot do this")
        if attempt <= int(fails):
            raise ConnectionError(f"{task['step_id']} lost its server")
        await self.effects.effect(task["effect_key"])
        return {"result": self._result(task)}

    def _result(self, task: dict[str, Any]) -> StepResult:
        return {
            "step_id": task["step_id"],
            "agent_id": task["agent"]["agent_id"],
            "capability": task["capability"],
            "status": "done",
            "text": f"{task['question']} ← {','.join(sorted(task['inputs']))}",
            "claims": [],
            "passages": [],
            "data": {"inputs": sorted(task["inputs"])},
            "error": None,
            "usage": [],
            "seconds": 0.0,
        }


@dataclass(frozen=True)
class EveryAgent:
    """A directory in which every name but `gone` is an agent."""

    async def find(self, agent_id: str) -> AgentCapability | None:
        if agent_id == "gone":
            return None
        return AgentCapability(
            agent_id=agent_id,
            title=agent_id,
            purpose="scripted",
            kind="rag",
            capabilities=("knowledge",),
        )


@dataclass
class KeptAnswers:
    """An answer log in memory: keeping one twice keeps it once."""

    kept: dict[str, FinishedAnswer] = field(default_factory=dict)

    async def keep(self, answer: FinishedAnswer) -> None:
        self.kept.setdefault(answer.answer_id, answer)


async def classify(state: State) -> dict[str, Any]:
    return {"query_type": "complex_analysis"}


async def plan(state: State) -> dict[str, Any]:
    if state.own_plan is None:
        return {"plan": {}, "status": "needs_clarification", "answer": "What do you mean?"}
    return {"plan": state.own_plan}


async def synthesize(state: State) -> dict[str, Any]:
    said = (f"{name}:{one['status']}" for name, one in sorted(state.results.items()))
    return {"answer": " ".join(said)}


async def verify(state: State) -> dict[str, Any]:
    whole = all(one["status"] == "done" for one in state.results.values())
    return {"status": "completed" if whole else "partial"}


def scripted_graph(
    effects: Effects,
    *,
    checkpointer: BaseCheckpointSaver[str],
    answers: AnswerLog | None = None,
    retries: Retries | None = None,
    **bounds: Any,
) -> ReaderGraph:
    """The reader's graph with scripted agents; the plan is the caller's `own_plan`."""
    agents = StateGraph(AgentsState)
    agents.add_node("rag", ScriptedAgent(effects))
    agents.add_edge(START, "rag")
    agents.add_edge("rag", END)
    nodes = Nodes(
        intake=Intake(),
        classify=classify,
        plan=plan,
        execute=Execute(EveryAgent(), retries or Retries((0.001, 0.002, 0.004)), **bounds),
        agents=agents.compile(),
        synthesize=synthesize,
        verify=verify,
        remember=Remember(answers or KeptAnswers()),
    )
    return agent_graph(nodes, checkpointer=checkpointer)


def step(
    step_id: str, *depends_on: str, script: Mapping[str, Any] = {}, **more: Any
) -> WorkflowStep:
    return WorkflowStep(
        step_id=step_id,
        agent=more.pop("agent", f"{step_id}_agent"),
        capability="knowledge",
        question=f"do {step_id}",
        parameters=dict(script),
        depends_on=depends_on,
        **more,
    )


def plan_of(*steps: WorkflowStep) -> dict[str, Any]:
    return WorkflowPlan(
        query="q", query_type="complex_analysis", shape="mixed", steps=steps
    ).model_dump(mode="json")
