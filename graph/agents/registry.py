"""Which agents there are: those with live knowledge, and those that are built in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.class_agents import ClassAgents
from graph.agents.tool_agents import server_agents, with_tools
from graph.caller import current_caller
from graph.planning.registry import Registry
from graph.planning.workflow_plan import AgentCapability
from graph.ports import CallerGroups, KnowledgeReader, ToolServers
from kb_contract.agent_manifest import Capability

__all__ = ["BUILT_IN", "LiveRegistry", "Registry", "neutral_registry", "registry_of"]

POSSIBLE_ACTIONS: Final = ("refresh_knowledge", "pause", "resume", "verify", "rollback")


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _built_in(
    kind: str,
    capability: Capability,
    title: str,
    purpose: str,
    *,
    inputs: dict[str, Any] | None = None,
) -> AgentCapability:
    return AgentCapability(
        agent_id=kind,
        title=title,
        purpose=purpose,
        kind=kind,
        capabilities=(capability,),
        approval="always" if capability == "action" else "never",
        seconds=0.3,
        input_schema=inputs or {},
    )


BUILT_IN: Final = (
    _built_in(
        "reasoning",
        "reasoning",
        "Reasoning",
        "Joins what other steps found; drafts, judges, weighs.",
    ),
    _built_in(
        "calculation",
        "calculation",
        "Calculation",
        "Arithmetic on numbers that a question gives or that other steps found.",
        inputs=_schema(expression={"type": "string"}),
    ),
    _built_in(
        "comparison",
        "comparison",
        "Comparison",
        "Sets what other steps found side by side and shows where it differs.",
    ),
    _built_in(
        "catalogue",
        "catalogue",
        "Catalogue",
        "Says which agents, documents, tags, versions and generations there are.",
    ),
    _built_in("system", "tool", "System state", "Reads how the running system is right now."),
    _built_in(
        "operations",
        "action",
        "Operations",
        "Changes something, after a person approved it.",
        inputs=_schema(
            action={"type": "string", "enum": list(POSSIBLE_ACTIONS)},
            agent_id={"type": "string"},
            to={"type": "integer", "description": "generation to go back to"},
            reason={"type": "string"},
        ),
    ),
    _built_in("synthesis", "synthesis", "Synthesis", "Writes one text of what other steps found."),
)


def registry_of(knowledge: list[AgentCapability]) -> Registry:
    """Join live agents with the built-in ones; a live agent never takes a built-in one's id."""
    taken = {one.agent_id for one in BUILT_IN}
    live = sorted((one for one in knowledge if one.agent_id not in taken), key=lambda a: a.agent_id)
    return Registry((*live, *BUILT_IN))


@dataclass(frozen=True)
class LiveRegistry:
    """Folders, classes and tool servers as they are now; also the scheduler's `AgentDirectory`."""

    reader: KnowledgeReader
    classes: ClassAgents | None = None
    tools: ToolServers | None = None
    caller: CallerGroups | None = None
    """Groups of who asks; agents with another audience are not there for them."""

    async def current(self) -> Registry:
        live = await self.reader.agents()
        known = registry_of([*live, *(self.classes.capabilities(live) if self.classes else ())])
        if self.tools is None:
            return self._for_caller(known.agents)
        cards = await self.tools.catalogue()
        agents = [with_tools(one, cards) for one in known.agents]
        own = server_agents(self.tools.offers(), cards, {one.agent_id for one in agents})
        return self._for_caller([*agents, *own])

    def _for_caller(self, agents: Sequence[AgentCapability]) -> Registry:
        groups = set(self.caller()) if self.caller else set[str]()
        asks = current_caller()
        return Registry(
            tuple(
                one
                for one in agents
                if asks.may_ask(one.agent_id, one.kind)
                and (not one.audience or groups & {*one.audience})
            )
        )

    async def find(self, agent_id: str) -> AgentCapability | None:
        return (await self.current()).find(agent_id)


def neutral_registry() -> Registry:
    """One generic agent per capability, for measuring plans without any knowledge."""
    kinds: dict[Capability, str] = {
        "knowledge": "rag",
        "reasoning": "reasoning",
        "calculation": "calculation",
        "comparison": "comparison",
        "tool": "system",
        "action": "operations",
        "catalogue": "catalogue",
        "synthesis": "synthesis",
    }
    return Registry(
        tuple(
            AgentCapability(
                agent_id=f"any_{capability}",
                title=f"Any {capability}",
                purpose=f"Generic agent with the capability {capability}",
                kind=kind,
                capabilities=(capability,),
            )
            for capability, kind in kinds.items()
        )
    )
