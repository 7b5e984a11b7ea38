"""The agents that a plan may use."""

import difflib
from dataclasses import dataclass

from graph.planning.workflow_plan import AgentCapability
from kb_contract.agent_manifest import Capability
from kb_contract.errors import NotServed
from kb_contract.identifiers import sha256_json


@dataclass(frozen=True)
class Registry:
    """Agents as they are at one moment; a plan keeps the digest of the registry it was made for."""

    agents: tuple[AgentCapability, ...]

    def digest(self) -> str:
        """Digest of ids, capabilities, generations and tools, in any order."""
        return sha256_json(sorted(_identity(agent) for agent in self.agents))

    def ids(self) -> tuple[str, ...]:
        return tuple(agent.agent_id for agent in self.agents)

    def names(self) -> tuple[str, ...]:
        """Ids of agents: words in a question that name somebody, and say nothing else."""
        return tuple(
            one.agent_id for one in self.agents if one.kind == "rag" and "_" in one.agent_id
        )

    def titles(self) -> tuple[str, ...]:
        """Titles of two words or more; a single word may be meant as itself."""
        return tuple(one.title for one in self.agents if one.kind == "rag" and " " in one.title)

    def find(self, agent_id: str) -> AgentCapability | None:
        return next((one for one in self.agents if one.agent_id == agent_id), None)

    def get(self, agent_id: str) -> AgentCapability:
        """Return the agent, or say which there are."""
        found = self.find(agent_id)
        if found is not None:
            return found
        near = difflib.get_close_matches(agent_id, self.ids(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise NotServed(
            f"there is no agent {agent_id!r}",
            where="registry",
            cure=f"{hint}agents: {', '.join(self.ids()) or 'none'}",
        )

    def by_capability(self, capability: Capability) -> tuple[AgentCapability, ...]:
        return tuple(one for one in self.agents if capability in one.capabilities)

    def first(self, capability: Capability) -> AgentCapability:
        """Return the first agent that has the capability, or say who can do what."""
        able = self.by_capability(capability)
        if able:
            return able[0]
        raise NotServed(
            f"no agent has the capability {capability!r}",
            where="registry",
            cure=f"agents: {self.described()}",
        )

    def described(self) -> str:
        """Every agent with what it can do, in one line."""
        said = (f"{one.agent_id} ({', '.join(one.capabilities)})" for one in self.agents)
        return "; ".join(said) or "none"


def _identity(agent: AgentCapability) -> list[str]:
    tools = ",".join(sorted(f"{one.name}={one.fingerprint}" for one in agent.tools))
    return [agent.agent_id, agent.kind, ",".join(agent.capabilities), str(agent.generation), tools]
