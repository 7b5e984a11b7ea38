"""Gives agents the tools that their allow-lists name, and every tool server an agent of its own."""

from collections.abc import Iterable, Sequence, Set
from typing import Final

from graph.planning.tool_card import ToolCard, allowed
from graph.planning.workflow_plan import AgentCapability
from graph.ports import ServerOffer
from kb_contract.agent_manifest import Capability

KIND: Final = "tools"
_NAMED: Final = 12


def with_tools(agent: AgentCapability, cards: Iterable[ToolCard]) -> AgentCapability:
    """Fill in what the allow-list lets through; who has tools can do what they do."""
    if not agent.tool_patterns:
        return agent
    tools = allowed(cards, agent.tool_patterns)
    able = tuple(dict.fromkeys((*agent.capabilities, *_capabilities(tools))))
    return agent.model_copy(update={"tools": tools, "capabilities": able})


def server_agents(
    offers: Sequence[ServerOffer], cards: Sequence[ToolCard], taken: Set[str]
) -> list[AgentCapability]:
    """Make an agent of each server that offers something now."""
    return [made for offer in offers if (made := _server_agent(offer, cards, taken)) is not None]


def _server_agent(
    offer: ServerOffer, cards: Sequence[ToolCard], taken: Set[str]
) -> AgentCapability | None:
    own = [one for one in cards if one.server == offer.name]
    tools = allowed(own, offer.patterns)
    if not tools:
        return None
    names = ", ".join(one.name.partition("/")[2] for one in tools[:_NAMED])
    title = offer.title or offer.name.replace("_", " ").replace("-", " ").capitalize()
    return AgentCapability(
        agent_id=f"tools_{offer.name}" if offer.name in taken else offer.name,
        title=title,
        purpose=offer.purpose or f"Calls tools: {names}",
        kind=KIND,
        capabilities=_capabilities(tools),
        tool_patterns=offer.patterns,
        tools=tools,
    )


def _capabilities(tools: Sequence[ToolCard]) -> tuple[Capability, ...]:
    reads = any(not one.changes for one in tools)
    changes = any(one.changes for one in tools)
    both: tuple[tuple[Capability, bool], ...] = (("tool", reads), ("action", changes))
    return tuple(name for name, has in both if has)
