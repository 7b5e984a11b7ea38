"""What the nodes need of the world, each as a small protocol; gateways/ holds the real ones."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from graph.planning.tool_card import ToolCard
from graph.planning.workflow_plan import AgentCapability
from graph.selection import EVERYTHING, Selection
from graph.state import Passage, StepResult
from kb_contract.chat_models.written import Check as Check
from kb_contract.chat_models.written import Heard as Heard
from kb_contract.chat_models.written import NoAnswer as NoAnswer
from kb_contract.chat_models.written import Written as Written
from kb_contract.chat_models.written import accepted as accepted
from kb_contract.sentence_models.vectors import ReadText


class QueryEmbedder(Protocol):
    """Turns questions into vectors of the space that the collections hold."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...

    async def read(self, questions: Sequence[str]) -> list[ReadText]:
        """Embed questions together with their words, all in one call of the model."""
        ...


CallerGroups = Callable[[], tuple[str, ...]]
"""Which groups the caller belongs to: what we know of the caller, never what a request says."""


class KnowledgeReader(Protocol):
    """Reads what is live; every passage comes with the generation that it stands in."""

    async def agents(self) -> list[AgentCapability]:
        """Every agent with a live generation."""
        ...

    async def search(
        self,
        agent_id: str,
        question: str,
        *,
        limit: int | None = None,
        only: Selection = EVERYTHING,
    ) -> list[Passage]:
        """Best passages first; below the agent's threshold nothing is found."""
        ...

    async def around(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages, each between those that their agent wants to be read with it; all can be quoted."""
        ...

    async def affinity(self, question: str, agent_ids: Sequence[str]) -> dict[str, float]:
        """How near the nearest passage of each agent is to the question (cosine)."""
        ...

    async def chunk_text(self, agent_id: str, generation: int, chunk_id: str) -> Passage | None:
        """The stored text of one chunk of one generation: what citations are checked against."""
        ...

    async def catalogue(self, question: str) -> list[dict[str, Any]]:
        """Rows about agents, documents, tags, versions and generations."""
        ...


class Linked(NamedTuple):
    """A chunk that shares names with others."""

    chunk_id: str
    names: tuple[str, ...]
    weight: float
    """Sum over the shared names; a name that few chunks have weighs more."""


class EntityLinks(Protocol):
    """Chunks of a live agent by what they name; only what the caller may read."""

    async def linked(
        self, agent_id: str, chunk_ids: Sequence[str], *, limit: int = 20
    ) -> list[Linked]:
        """Other chunks that name what these do: where the next hop may lead."""
        ...


WORKING_STEP: ContextVar[tuple[str, str] | None] = ContextVar("working_step", default=None)
"""Step and agent at work, for whoever keeps accounts; nothing decides by it."""


APPROVED_STEP: ContextVar[bool] = ContextVar("approved_step", default=False)
"""Whether a person approved the step at work: budgets that ask let it pass."""


@dataclass(frozen=True)
class AgentTask:
    """What an agent is asked to do."""

    step_id: str
    agent: AgentCapability
    capability: str
    question: str
    parameters: dict[str, Any]
    inputs: dict[str, StepResult]
    """Results of the steps that this one depends on, by step id."""
    model_tier: str
    effect_key: str = ""
    """Names this piece of work: an effect that carries it happens at most once."""
    tools: dict[str, str] = field(default_factory=dict[str, str])
    """Tools that the plan grants to this step, with their fingerprints when it was made."""
    approved: bool = False
    """Whether a person approved exactly these arguments."""


class Spending(Protocol):
    """Knows what models cost, and the budgets that want a person to be asked."""

    async def prices(self) -> Mapping[str, float]:
        """Say what a thousand tokens cost, by tier."""
        ...

    async def ask_first(self, steps: Sequence[tuple[str, str]]) -> str:
        """Say why a person must agree before these (agent, tier) work; nothing where there is room."""
        ...


class ChatModel(Protocol):
    """One port for every provider. `None` in place of one means the offline profile.

    Gives a whole answer that passes `check`, from at most two requests, or raises `NoAnswer` when the
    deadline ends. Nobody can name a model, an address or a header here.
    """

    async def write(
        self,
        *,
        system: str,
        user: str,
        tier: str,
        deadline: float,
        check: Check = accepted,
        heard: Heard | None = None,
    ) -> Written: ...


@dataclass(frozen=True)
class FinishedAnswer:
    """What is kept of an answer."""

    answer_id: str
    thread_id: str
    run_id: str
    trace_id: str
    question: str
    query_type: str
    status: str
    answer: str
    plan: dict[str, Any]
    citations: Sequence[Any]
    usage: dict[str, Any]
    timings: dict[str, float]
    unanswered: Sequence[tuple[str, str]] = ()
    """Agents that had nothing about what they were asked, each with that question."""
    coverage: dict[str, Any] = field(default_factory=dict[str, Any])
    conflicts: Sequence[Any] = ()
    as_of: str | None = None
    """The past that was asked; None: what was live."""
    cached_from: str | None = None
    """The kept answer that was given again."""
    asked_by: str | None = None


class AgentDirectory(Protocol):
    """Says which agents there are now."""

    async def find(self, agent_id: str) -> AgentCapability | None: ...


class QuestionCosts(Protocol):
    """Adds up every request that a question took, whoever made it."""

    async def of_question(self, answer_id: str, thread_id: str, seconds: float) -> dict[str, Any]:
        """Add up what its thread took since its last other answer, in so many seconds at most."""
        ...

    async def of_knowledge(self, answer_id: str, citations: Sequence[Any]) -> float:
        """Share of what its passages cost when they were read out."""
        ...


class AnswerLog(Protocol):
    """Keeps finished answers and their citations; keeping one twice keeps it once."""

    async def keep(self, answer: FinishedAnswer) -> None: ...


class Operations(Protocol):
    """Effects on the system. Each carries a key, and a key has its effect at most once."""

    async def perform(
        self, action: str, arguments: dict[str, Any], *, key: str
    ) -> dict[str, Any]: ...


class SystemState(Protocol):
    """What runs now: live generations and colours, last runs, the queue. Read-only."""

    async def read(self) -> dict[str, list[dict[str, Any]]]: ...


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool gave back: data, whatever it says."""

    text: str
    structured: Any = None
    failed: bool = False


@dataclass(frozen=True)
class ServerOffer:
    """What a server's own agent is called, and which tools it may call."""

    name: str
    title: str
    purpose: str
    patterns: tuple[str, ...]


class ToolServers(Protocol):
    """Every tool server that the settings name."""

    def offers(self) -> tuple[ServerOffer, ...]: ...

    async def catalogue(self) -> tuple[ToolCard, ...]:
        """Tools of the servers that answer now."""
        ...

    async def check(self, tool: str, *, fingerprint: str) -> None:
        """Refuse a tool that is not what its fingerprint says any more."""
        ...

    async def call(
        self, tool: str, arguments: dict[str, Any], *, fingerprint: str, seconds: float
    ) -> ToolAnswer:
        """Call it, if it is still what its fingerprint says."""
        ...


@dataclass(frozen=True)
class KeptCall:
    """What is known of a call with a key: `started` and no end means that nobody knows."""

    status: Literal["started", "done", "failed"]
    new: bool
    answer: ToolAnswer | None = None


class ToolLog(Protocol):
    """Calls that may change something, once per key; and long outputs, once per content."""

    async def begin(self, key: str, tool: str, arguments: dict[str, Any]) -> KeptCall: ...

    async def end(self, key: str, answer: ToolAnswer) -> None: ...

    async def keep_output(self, text: str) -> str:
        """Keep a text; gives the digest that it is found by."""
        ...
