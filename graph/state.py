"""What a conversation remembers between steps: plain data, so that any checkpoint can hold it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic reads these, and before 3.12 only knows this one
)

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from typing_extensions import (
    TypedDict,
)

from kb_contract.chat_models.written import Usage as Usage
from kb_contract.citation import Citation

StepStatus = Literal["done", "nothing_found", "rejected", "failed", "skipped"]


class SourceFacts(TypedDict):
    """What a document says of itself; nothing here is guessed."""

    version: str | None
    effective: str | None
    expires: str | None
    owners: list[str]
    """The document's, else its agent's."""


class Passage(TypedDict):
    """A chunk that was found, as the ledger has it (never as the vector store says it)."""

    agent_id: str
    generation: int
    git_sha: str
    uncommitted: bool
    dagster_run_id: str | None
    chunk_id: str
    document_id: str
    ranked_by: NotRequired[str]
    """What put it in its place: the blend, or a reranker; the blend says why it was not one."""
    relevance: NotRequired[float]
    """0 to 1, reckoned in the same way for every agent."""
    comparable: NotRequired[float]
    """The relevance as it compares with that of other agents' passages, where theirs run higher or lower."""
    unmet: NotRequired[float]
    """Share of the question that none of the best passages speaks of; the same for all of them."""
    doubtful: NotRequired[bool]
    """Near the question, but not surely an answer: it is quoted where a model reads it, and not unread."""
    path: str
    title: str
    heading_path: list[str]
    page: int | None
    start: int
    end: int
    text: str
    score: float
    source: NotRequired[SourceFacts]


class Quote(TypedDict):
    """Words that stand in a passage; offsets are into the file at the commit."""

    agent_id: str
    generation: int
    chunk_id: str
    text: str
    start: int
    end: int


class Claim(TypedDict):
    """One sentence of an answer with the quotes that it stands on."""

    text: str
    quotes: list[Quote]
    by: NotRequired[Literal["calculation"]]
    """Who wrote it, where its numbers are computed and stand in no document."""
    lead: NotRequired[str]
    """What our own code put before it, as the side of a comparison; no model can."""


class Unsupported(TypedDict):
    """A sentence that somebody wrote and no quote carries; whether it is shown is a policy."""

    text: str
    why: str
    """The verdict on its quote (misattributed, stitched, altered, not_found), or its own fault."""


class StepResult(TypedDict):
    """What a step gives back."""

    step_id: str
    agent_id: str
    capability: str
    status: StepStatus
    text: str
    claims: list[Claim]
    passages: list[Passage]
    data: dict[str, Any]
    error: str | None
    usage: list[Usage]
    seconds: float


def merge_results(
    old: Mapping[str, StepResult], new: Mapping[str, StepResult] | None
) -> dict[str, StepResult]:
    """Merge by step id; a finished step is never undone. `None` begins a new question."""
    return {} if new is None else {**new, **old}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a caller sends: `question`, or chat `messages` whose last human one is the question."""

    question: str = ""
    messages: Annotated[list[AnyMessage], add_messages] = field(default_factory=list)
    agent: str | None = None
    """Ask this agent only."""
    own_plan: dict[str, Any] | None = None
    """A plan of the caller's, validated before it runs."""


@dataclass(frozen=True, kw_only=True)
class State(Question):
    """Everything between the question and the answer."""

    query_type: str = ""
    classification: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    results: Annotated[dict[str, StepResult], merge_results] = field(default_factory=dict)
    draft: dict[str, Any] = field(default_factory=dict)
    """What synthesis wrote, before its citations are verified: {"claims": [...], "notes": [...]}."""
    answer: str = ""
    status: str = ""
    citations: list[Citation] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)
    """Which sentence of the answer stands on which citations, and which on none."""
    conflicts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Sources that contradict each other, side by side."""
    usage: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    answer_id: str = ""
    trace_id: str = ""
    standalone: dict[str, str] = field(default_factory=dict[str, str])
    """A follow-up or an unclear question made whole: {"asked": …, "question": …}."""
    clarified: int = 0
    """How often the person was asked what this question means."""
    summary: str = ""
    """What was said in the messages that are not kept any more."""
    cached: bool = False
    """Whether this answer was worked out before."""
    cache: dict[str, Any] = field(default_factory=dict)
    """Of a kept answer: which one, how old it is, what it saved; else what was served meanwhile."""

    @property
    def asks(self) -> str:
        """The question as those who work on it read it."""
        whole = self.standalone
        return whole["question"] if whole.get("asked") == self.question else self.question


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a caller gets."""

    messages: list[AnyMessage] = field(default_factory=list)
    answer: str = ""
    status: str = ""
    citations: list[Citation] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)
    conflicts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    query_type: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    answer_id: str = ""
    trace_id: str = ""
    cached: bool = False
    cache: dict[str, Any] = field(default_factory=dict)
