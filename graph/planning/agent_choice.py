"""Chooses who answers from documents: by name, by nearness of their passages, by their words."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graph.classification.spelling import fold
from graph.planning.workflow_plan import AgentCapability

Affinity = Callable[[str, Sequence[str]], Awaitable[Mapping[str, float]]]
"""How near each agent's nearest passage is to a question: `KnowledgeReader.affinity`."""

MARGIN: Final = 0.06
NEAR_ENOUGH: Final = 0.35
# Where nobody is near, it takes little to be as near as the nearest, and what is below this is about something else.
FAR: Final = 0.25
_PER_SHARED_WORD: Final = 0.04
_MOST_FOR_WORDS: Final = 0.12
_COMMON: Final = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "that",
        "this",
        "what",
        "which",
        "how",
        "who",
        "when",
        "where",
        "why",
        "are",
        "is",
        "was",
        "were",
        "does",
        "do",
        "did",
        "can",
        "about",
        "into",
        "your",
        "our",
        "you",
        "its",
        "their",
        "them",
        "his",
        "her",
        "not",
        "all",
        "any",
        "one",
        "two",
        "agent",
        "handbook",
        "guide",
        "answers",
        "answer",
        "questions",
        "question",
        "things",
        "work",
        "works",
        "have",
        "has",
        "how's",
        "tell",
        "show",
        "give",
        "me",
        "us",
    ]
)


async def no_affinity(_question: str, agent_ids: Sequence[str]) -> Mapping[str, float]:
    """Know nothing about nearness: words alone decide."""
    return dict.fromkeys(agent_ids, 0.0)


@dataclass(frozen=True)
class AgentChoice:
    """Agents for one question, the best first."""

    affinity: Affinity
    most: int = 4

    async def choose(
        self, question: str, agents: Sequence[AgentCapability]
    ) -> tuple[AgentCapability, ...]:
        """Named agents if there are; else the best, those that are about as near, and whoever has the nearest passage."""
        if len(agents) < 2:
            return tuple(agents)
        if named := named_in(question, agents):
            return named[: self.most]
        near = await self.affinity(question, [one.agent_id for one in agents])
        scores = {
            one.agent_id: near.get(one.agent_id, 0.0) + shared_words(question, one)
            for one in agents
        }
        ranked = sorted(agents, key=lambda one: (-scores[one.agent_id], one.agent_id))
        top = scores[ranked[0].agent_id]
        # What an agent says of itself may outweigh a passage, but not keep it from being read.
        nearest = max(near.values(), default=0.0)
        least = NEAR_ENOUGH if nearest >= NEAR_ENOUGH else FAR
        close = [
            one
            for one in ranked[1:]
            if near.get(one.agent_id, 0.0) >= least
            and (top - scores[one.agent_id] <= MARGIN or near[one.agent_id] == nearest)
        ]
        return (ranked[0], *close)[: self.most]

    async def near(
        self, question: str, agents: Sequence[AgentCapability]
    ) -> tuple[AgentCapability, ...]:
        """Agents that have a passage about just this, the nearest first."""
        near = await self.affinity(question, [one.agent_id for one in agents])
        about = [one for one in agents if near.get(one.agent_id, 0.0) >= NEAR_ENOUGH]
        return tuple(sorted(about, key=lambda one: (-near[one.agent_id], one.agent_id)))


def named_in(question: str, agents: Sequence[AgentCapability]) -> tuple[AgentCapability, ...]:
    """Agents whose id, or whose title of two words or more, stands in the question."""
    words = f" {_plain(question)} "
    return tuple(one for one in agents if any(f" {name} " in words for name in _names(one)))


def without_names(question: str, agents: Sequence[AgentCapability]) -> str:
    """Ask agents without their own names: in their documents every page or none has those words."""
    names = [name for one in agents if "knowledge" in one.capabilities for name in _names(one)]
    if not names:
        return question
    name = "|".join(r"[\W_]+".join(name.split()) for name in sorted(names, key=len, reverse=True))
    several = re.compile(
        rf"\b(?:the\s+|our\s+)?(?:{name})(?:(?:\s*,\s*|\s+and\s+|\s+or\s+)(?:the\s+|our\s+)?(?:{name}))*\b",
        re.IGNORECASE,
    )
    return several.sub("it", question)


def _names(agent: AgentCapability) -> list[str]:
    names = [_plain(agent.agent_id), _plain(agent.title)]
    return [name for name in names if len(name.split()) > 1]


def shared_words(question: str, agent: AgentCapability) -> float:
    """A little for every word that the question shares with what the agent says of itself."""
    said = _stems(" ".join((agent.agent_id, agent.title, agent.purpose, *agent.tags)))
    return min(len(_stems(question) & said) * _PER_SHARED_WORD, _MOST_FOR_WORDS)


def _stems(text: str) -> set[str]:
    words = (word for word in _plain(text).split() if len(word) > 2 and word not in _COMMON)
    return {word.removesuffix("s").removesuffix("e") for word in words}


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", fold(text)))
