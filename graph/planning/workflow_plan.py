"""What a plan is. Plans travel through checkpoints and HTTP as plain JSON."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.classification.query_type import QueryType
from graph.planning.tool_card import ToolCard
from kb_contract.agent_manifest import Capability, ModelTier
from kb_contract.identifiers import sha256_json

Shape = Literal["direct", "single", "sequential", "parallel_then_join", "mixed"]
FailurePolicy = Annotated[str, Field(pattern=r"^(?:required|optional|quorum\([1-9][0-9]?\))$")]
"""`quorum(n)`: of the steps with this policy that one step waits for, n must bring something."""

MAX_STEPS = 24
NOT_PLANNED_BY_MODEL = "the model did not answer"


def quorum_of(policy: str) -> int:
    """Return n of `quorum(n)`; 0 for every other policy."""
    found = re.fullmatch(r"quorum\((\d+)\)", policy)
    return int(found[1]) if found else 0


class PlanPart(BaseModel):
    """Frozen, and closed to unknown keys: plans come from models and people too."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(PlanPart):
    """What a step or a plan will take."""

    seconds: float = 0.0
    tokens: int = 0
    cost: float = 0.0
    source: Literal["declared", "measured", "partly_measured"] = "declared"
    """Where the figures come from: what is declared, or what earlier runs took."""


class WorkflowStep(PlanPart):
    """One piece of work by one agent."""

    step_id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    agent: str
    capability: Capability
    question: str = Field(max_length=20_000)
    parameters: dict[str, Any] = Field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    policy: FailurePolicy = "required"
    requires_approval: bool = False
    model_tier: ModelTier = "standard"
    timeout_seconds: float = Field(default=60.0, gt=0, le=600)
    tools: dict[str, str] = Field(default_factory=dict, max_length=200)
    """Tools that it may call, each with its fingerprint when the plan was made."""
    estimate: Estimate = Estimate()


class WorkflowPlan(PlanPart):
    """Steps and their dependencies; a step starts when its own dependencies are done."""

    version: Literal[1] = 1
    query: str
    query_type: QueryType
    shape: Shape
    steps: tuple[WorkflowStep, ...] = ()
    clarification: str | None = None
    """A question back to the person, instead of steps."""
    options: tuple[str, ...] = ()
    """Answers to choose from, the likeliest first."""
    answerable: bool = False
    """Whether planning goes on with an answer; else it is only said why nothing is planned."""
    requires_approval: bool = False
    estimate: Estimate = Estimate()
    made_by: Literal["rules", "model", "person"] = "rules"
    reasons: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why a model's plan was not taken; the rules made this one."""
    registry_digest: str = ""

    def digest(self) -> str:
        """Digest of what will be done; an approval is bound to it."""
        return sha256_json(self.model_dump(mode="json", exclude={"answerable"}))

    def said_back(self) -> str:
        """What a person reads where nothing is planned."""
        return "".join([self.clarification or "", *(f"\n- {one}" for one in self.options)])


class AgentCapability(PlanPart):
    """What the registry knows of an agent, as the planner sees it."""

    agent_id: str
    title: str
    purpose: str
    kind: str
    capabilities: tuple[Capability, ...]
    tags: tuple[str, ...] = ()
    model_tier: ModelTier | None = None
    """Its own word, whatever a plan would choose; None: the plan chooses."""
    approval: Literal["never", "always"] = "never"
    seconds: float = 1.0
    cost: float = 0.0
    instructions: str = ""
    """How it speaks: `instructions.md` of its folder."""
    generation: int | None = None
    git_sha: str | None = None
    documents: int = 0
    chunks: int = 0
    input_schema: dict[str, Any] = Field(default_factory=dict)
    output_schema: dict[str, Any] = Field(default_factory=dict)
    tool_patterns: tuple[str, ...] = ()
    """Its allow-list: `server/tool`, or globs of such names."""
    tools: tuple[ToolCard, ...] = ()
    """Those that its allow-list names and that their servers offer now."""
    audience: tuple[str, ...] = ()
    """Groups that may ask it; empty: everyone."""
