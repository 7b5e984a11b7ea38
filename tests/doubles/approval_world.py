"""The reader's graph whose agents cite what is live in a ledger of a few rows, and count their effects.

A step's agent reads the one chunk of its agent that is live; a step that needs an approval has an effect.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from pydantic import SecretStr

from graph.agent_graph import Nodes, agent_graph
from graph.nodes.execute import Execute
from graph.nodes.intake import Intake
from graph.nodes.remember import Remember
from graph.planning.workflow_plan import AgentCapability
from graph.scheduler.retries import Retries
from graph.settings import ReaderSettings
from graph.state import Passage
from tests.doubles.scripted_agents import (
    AgentsState,
    KeptAnswers,
    classify,
    plan,
    synthesize,
    verify,
)

GRAPH = "world"
SCHEMA = {"type": "object", "properties": {"amount": {"type": "integer", "maximum": 100}}}


def settings_of(database_url: str, **more: Any) -> ReaderSettings:
    return ReaderSettings(
        database_url=SecretStr(database_url),
        qdrant_url="http://127.0.0.1:1",
        _env_file=None,
        **more,
    )  # type: ignore[call-arg]


@dataclass
class World:
    """Knowledge and effects of one test."""

    database_url: str
    live: dict[str, Passage] = field(default_factory=dict)
    effects: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Agents wait for it before their effect, when there is one."""
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def graphs(self) -> Mapping[str, Any]:
        return {GRAPH: self._graph}

    def publish(self, agent_id: str, text: str, *, path: str = "page.md") -> None:
        """Make this text what the agent serves, as a swap does in the ledger."""
        number = self.live[agent_id]["generation"] + 1 if agent_id in self.live else 1
        chunk, document = (
            uuid.uuid5(uuid.NAMESPACE_OID, f"{agent_id}{path}{text}{n}") for n in "cd"
        )
        with psycopg.connect(self.database_url) as ledger:
            ledger.execute(
                "update kb.generations set state = 'retired' where agent_id = %s", (agent_id,)
            )
            values = {
                "agent": agent_id, "number": number, "text": text, "path": path, "chunk": chunk,
                "document": document, "sha": uuid.uuid4().hex,
            }  # fmt: skip
            for statement in PUBLISH:
                ledger.execute(statement, values)
        self.live[agent_id] = passage(agent_id, number, str(chunk), text, path)

    def counted(self) -> Counter[str]:
        return Counter(key.rsplit("/", 1)[1] for key, _ in self.effects)

    async def find(self, agent_id: str) -> AgentCapability | None:
        return AgentCapability(
            agent_id=agent_id, title=agent_id, purpose="tests", kind="rag",
            capabilities=("knowledge",), input_schema=SCHEMA,
        )  # fmt: skip

    async def work(self, state: AgentsState) -> dict[str, Any]:
        task = state["task"]
        found = self.live.get(task["agent"]["agent_id"])
        if found is None and self.held is not None:
            self.began.set()
            await self.held.wait()
        if found is None:
            self.effects.append((task["effect_key"], task["parameters"]))
        return {"result": {
            "step_id": task["step_id"], "agent_id": task["agent"]["agent_id"],
            "capability": task["capability"], "status": "done", "text": found["text"] if found else "done",
            "claims": [], "passages": [found] if found else [], "data": {}, "error": None, "usage": [],
            "seconds": 0.0,
        }}  # fmt: skip

    def _graph(self, saver: BaseCheckpointSaver[Any]) -> Any:
        agents = StateGraph(AgentsState)
        agents.add_node("rag", self.work)
        agents.add_edge(START, "rag")
        agents.add_edge("rag", END)
        nodes = Nodes(
            intake=Intake(), classify=classify, plan=plan, execute=Execute(self, Retries((0.001,))),
            agents=agents.compile(), synthesize=synthesize, verify=verify, remember=Remember(KeptAnswers()),
        )  # fmt: skip
        return agent_graph(nodes, checkpointer=saver)


PUBLISH = (
    "insert into kb.documents (document_id, workspace_id, file_sha256, blob_sha, reader, source_name, mime,"
    " size_bytes) values (%(document)s, 'default', %(sha)s, %(sha)s, 'r', %(path)s, 'text/markdown', 1)"
    " on conflict do nothing",
    "insert into kb.chunks (document_id, chunk_index, heading_path, start_offset, end_offset, text,"
    " text_sha256, embed_sha256, tokens) values (%(document)s, 0, '{}', 0, 1, %(text)s, '', '', 1)"
    " on conflict do nothing",
    "insert into kb.generations (workspace_id, agent_id, number, state, git_sha, tree_sha, manifest,"
    " config_digest, space) values ('default', %(agent)s, %(number)s, 'live', %(sha)s, '', '{}', '', '{}')",
    "insert into kb.generation_documents (generation_id, path, blob_sha, document_id, status)"
    " select generation_id, %(path)s, '', %(document)s, 'published' from kb.generations"
    " where agent_id = %(agent)s and number = %(number)s",
    "insert into kb.generation_chunks (generation_id, position, chunk_id, document_id, chunk_index, path,"
    " payload_sha256) select generation_id, 0, %(chunk)s, %(document)s, 0, %(path)s, '' from kb.generations"
    " where agent_id = %(agent)s and number = %(number)s",
)


def passage(agent_id: str, generation: int, chunk_id: str, text: str, path: str) -> Passage:
    return {
        "agent_id": agent_id, "generation": generation, "git_sha": "f" * 40, "uncommitted": False,
        "dagster_run_id": None, "chunk_id": chunk_id, "document_id": "d", "path": path, "title": path,
        "heading_path": [], "page": None, "start": 0, "end": len(text), "text": text, "score": 0.9,
    }  # fmt: skip
