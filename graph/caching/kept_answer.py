"""An answer that was worked out once, with all that decides whether it may be given again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from graph.caching.wishes import CacheWish
from kb_contract.citation import Citation


class CitedSpan(Citation):
    """A citation, and where its quote begins in its chunk: the chunk may move in its file."""

    place: int


@dataclass(frozen=True)
class Asking:
    """A question, and all that its answer depends on beside what is served."""

    question: str
    """Made whole: what was said before is in it."""
    agent: str | None
    groups: tuple[str, ...]
    wish: CacheWish
    answer_id: str
    may_ask: tuple[str, ...] | None = None
    """The only agents that the caller may ask; None: all."""
    alone: bool = True
    """Whether it can be understood without what was said before."""


@dataclass(frozen=True)
class Costs:
    """What an answer took to work out."""

    dollars: float
    seconds: float


@dataclass(frozen=True)
class KeptAnswer:
    """What is kept; `agents` says for which generation of each agent it is known to hold."""

    entry_id: str
    question: str
    groups: tuple[str, ...]
    agent: str | None
    query_type: str
    agents: Mapping[str, int]
    asked: Sequence[tuple[str, str]]
    """Who was asked what."""
    body: Mapping[str, Any]
    """Answer, coverage, conflicts, plan and classification."""
    citations: Sequence[CitedSpan]
    costs: Costs
    created_at: datetime
    expires_at: datetime
    hits: int = 0

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(repr(self.body)) + sum(len(repr(one)) for one in self.citations) + 500

    def cites(self, agent_id: str) -> bool:
        return any(one["agent_id"] == agent_id for one in self.citations)

    def was_asked(self, agent_id: str) -> bool:
        return any(agent == agent_id for agent, _ in self.asked)


HitKind = Literal["exact", "similar"]


@dataclass(frozen=True)
class Hit:
    """A kept answer that holds now, with its citations as they stand now."""

    kept: KeptAnswer
    kind: HitKind
    citations: Sequence[Citation]
    age: float


@dataclass(frozen=True)
class Looked:
    """What came of looking: an answer, or nothing and what was served at that moment."""

    hit: Hit | None = None
    served: Mapping[str, int] | None = None
    """Generations by agent; None: nothing may be kept of this question."""


class AnswerCache(Protocol):
    """Finds and keeps answers; a cache that is away is a cache that knows nothing."""

    async def find(self, asking: Asking) -> Looked: ...

    async def keep(self, asking: Asking, found: KeptAnswer) -> None: ...

    def let_go(self, answer_id: str) -> None:
        """Let those go on who wait for an answer that will not be kept."""
        ...
