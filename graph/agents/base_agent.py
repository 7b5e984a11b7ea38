"""The class that people derive agents of their own from.

A package offers one under the entry point group `scriptorium.agents`; see docs/agents.md.
"""

import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from graph.agents.tool_permission import checked_arguments, permitted
from graph.citations.model_claims import prompt
from graph.ports import AgentTask, ChatModel, KnowledgeReader, NoAnswer, ToolServers
from graph.selection import Selection
from graph.state import Passage, Usage
from kb_contract.agent_manifest import Capability, ModelTier
from kb_contract.errors import BadInput, NotServed, ToolRefused
from kb_contract.identifiers import agent_id as checked_agent_id

MOST_PASSAGES: Final = 50
DEADLINE: Final = 45.0
TOOL_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Services:
    """What an agent may use; it is handed over when the agent is made known."""

    reader: KnowledgeReader
    model: ChatModel | None = None
    tools: ToolServers | None = None


@dataclass
class Work:
    """One question at work: what it found and what that cost."""

    task: AgentTask
    passages: list[Passage] = field(default_factory=list[Passage])
    usage: list[Usage] = field(default_factory=list[Usage])


WORK: ContextVar[Work | None] = ContextVar("work_of_a_class_agent", default=None)


class BaseAgent:
    """An agent that searches its own knowledge and answers; derive from it and write `execute`."""

    title: ClassVar[str] = ""
    purpose: ClassVar[str] = ""
    """What the planner reads."""
    capabilities: ClassVar[tuple[Capability, ...]] = ("knowledge",)
    tags: ClassVar[tuple[str, ...]] = ()
    seconds: ClassVar[float] = 1.0
    cost: ClassVar[float] = 0.0
    model_tier: ClassVar[ModelTier | None] = None
    approval: ClassVar[Literal["never", "always"]] = "never"
    input_schema: ClassVar[dict[str, Any]] = {}
    output_schema: ClassVar[dict[str, Any]] = {"type": "string"}
    tools: ClassVar[tuple[str, ...]] = ()
    """Tools that it may call: `server/tool`, or globs of such names."""
    audience: ClassVar[tuple[str, ...]] = ()
    """Groups that may ask it; empty: everyone."""

    def __init__(self, agent_id: str) -> None:
        self.agent_id = checked_agent_id(agent_id)
        self._services: Services | None = None

    def use(self, services: Services) -> None:
        """Take what the agent works with; whoever loads agents calls this."""
        self._services = services

    async def execute(self, query: str, **kwargs: Any) -> str:
        """Answer the question; `kwargs` are the step's parameters, and `inputs` by step."""
        raise NotImplementedError(
            f"{type(self).__name__} must have a method execute(query, **kwargs)"
        )

    async def get_relevant_knowledge(
        self, query: str, tags: Sequence[str] | None = None, limit: int = 5
    ) -> list[dict[str, Any]]:
        """Find passages of this agent alone, the best first; `[n]` behind a sentence cites one."""
        wanted = max(1, min(limit, MOST_PASSAGES))
        found = await self._ready().reader.search(
            self.agent_id, query, limit=wanted, only=Selection(tags=tuple(tags or ()))
        )
        cited = self._cited(found)
        return [
            {
                "chunk": one["text"],
                "score": one["score"],
                "source": f"[{cited[one['chunk_id']]}]",
                "path": one["path"],
                "title": one["title"],
            }
            for one in found
        ]

    async def write(self, text: str, *, system: str = "") -> str:
        """Let the chat model write; without one (`has_model`) an agent must do without."""
        model = self._ready().model
        if model is None:
            raise NotServed(
                "there is no chat model", where=self.agent_id,
                cure="set LLM_PROFILE, or look at `has_model` first",
            )  # fmt: skip
        end = f"end-{secrets.token_hex(4)}"
        asked = f"{system or prompt('class_agent')}\n\nEnd your answer with the line {end}."

        def check(answer: str) -> str:
            # Providers say of halves that they are whole, so the answer has to say it itself.
            return "" if answer.rstrip().endswith(end) else f"it does not end with the line {end}"

        work = WORK.get()
        paid = work.usage if work else []
        tier = work.task.model_tier if work else self.model_tier or "standard"
        try:
            written = await model.write(
                system=asked, user=text, tier=tier, deadline=DEADLINE, check=check
            )
        except NoAnswer as error:
            paid.extend(error.usage)
            raise
        paid.extend(written.usage)
        return written.text.rstrip().removesuffix(end).rstrip()

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> str:
        """Call a tool that reads; the same locks hold as for every other agent."""
        work, tools = WORK.get(), self._ready().tools
        if work is None or tools is None:
            raise ToolRefused(
                "no tool can be called here", where=self.agent_id, cure="see MCP_SERVERS"
            )
        card = permitted(work.task, name)
        if card.changes:
            raise ToolRefused(
                "a class calls tools that read; what changes something is a step of its own", where=name,
                cure="plan a step with the capability 'action' for it",
            )  # fmt: skip
        answer = await tools.call(
            name, checked_arguments(card, arguments), fingerprint=card.fingerprint,
            seconds=TOOL_SECONDS,
        )  # fmt: skip
        if answer.failed:
            raise ToolRefused(f"the tool failed: {answer.text[:300]}", where=name)
        return answer.text

    @property
    def has_model(self) -> bool:
        """Whether there is a chat model to write with."""
        return self._ready().model is not None

    def _ready(self) -> Services:
        if self._services is None:
            raise BadInput(
                "the agent was not given what it works with", where=type(self).__name__,
                cure="call agent.use(Services(reader=…)) first",
            )  # fmt: skip
        return self._services

    def _cited(self, found: Sequence[Passage]) -> dict[str, int]:
        """Number passages in the order in which they were found in this piece of work."""
        work = WORK.get()
        known = work.passages if work else []
        for one in found:
            if all(one["chunk_id"] != other["chunk_id"] for other in known):
                known.append(one)
        return {one["chunk_id"]: number for number, one in enumerate(known, start=1)}
