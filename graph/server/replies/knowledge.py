"""Agents, what they know and knew, and passages. `/agents /knowledge… /search /hooks…`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graph.planning.workflow_plan import AgentCapability
from graph.server.replies.examples import AT, CHUNK, RUN, SHA, example
from graph.state import Passage

_STANDING: Final = {
    "number": 4, "state": "live", "git_sha": SHA, "created_at": AT, "live_at": AT, "kept": True,
}  # fmt: skip
_AGENT: Final[dict[str, Any]] = {
    "agent_id": "hr", "title": "People", "purpose": "Leave, pay and benefits", "kind": "rag",
    "capabilities": ["knowledge"], "generation": 4, "git_sha": SHA, "documents": 12, "chunks": 48,
}  # fmt: skip
_GENERATION: Final[dict[str, Any]] = {
    "generation_id": 19, "number": 4, "state": "live", "git_sha": SHA, "tree_sha": SHA,
    "uncommitted": False, "documents": 12, "chunks": 48, "quarantined": 0, "colour": "blue",
    "collection": "default__hr__blue", "checks": {"points_match_manifest": True}, "reason": None,
    "run_id": RUN, "dagster_run_id": RUN, "trigger": "sensor", "requested_by": "git",
    "created_at": AT, "checked_at": AT, "live_at": AT, "ended_at": None,
}  # fmt: skip
_PASSAGE: Final[dict[str, Any]] = {
    "agent_id": "hr", "generation": 4, "git_sha": SHA, "sha": SHA, "uncommitted": False,
    "dagster_run_id": RUN, "chunk_id": CHUNK, "document_id": CHUNK, "relevance": 0.91, "comparable": 0.91,
    "path": "leave.md", "title": "Leave", "heading_path": ["Leave"], "page": None, "start": 0,
    "end": 47, "text": "# Leave\nEmployees have 28 days of leave a year.", "score": 0.91,
}  # fmt: skip


class Agents(BaseModel):
    """Every agent that can be asked now."""

    model_config = example(agents=[_AGENT])

    agents: list[AgentCapability]


class Generation(BaseModel):
    """What an agent knew at one time."""

    generation_id: int
    number: int
    state: Literal["staged", "checked", "live", "retired", "failed"]
    git_sha: str
    tree_sha: str
    uncommitted: bool
    documents: int
    chunks: int
    quarantined: int
    colour: Literal["blue", "green"] | None
    collection: str | None
    checks: dict[str, Any]
    reason: str | None
    run_id: str | None
    dagster_run_id: str | None
    trigger: str | None
    requested_by: str | None
    created_at: datetime
    checked_at: datetime | None
    live_at: datetime | None
    ended_at: datetime | None


class Generations(BaseModel):
    """Generations of an agent, newest first."""

    model_config = example(agent_id="hr", generations=[_GENERATION])

    agent_id: str
    generations: list[Generation]


class StandingGeneration(BaseModel):
    """A generation, and whether its documents are kept."""

    model_config = example(**_STANDING)

    number: int
    state: Literal["staged", "checked", "live", "retired", "failed"]
    git_sha: str
    created_at: datetime
    live_at: datetime | None
    kept: bool = Field(description="whether retention has left its documents")


class DocumentOfGeneration(BaseModel):
    """A file as the writer read it."""

    path: str
    status: Literal["published", "unpublished", "quarantined"]
    reason: str | None = Field(description="why it could not be read, or is not published")
    title: str
    mime: str
    size_bytes: int | None
    chunks: int


class Documents(StandingGeneration):
    """Files of one generation; those that could not be read first."""

    model_config = example(
        agent_id="hr", **_STANDING,
        documents=[{"path": "leave.md", "status": "published", "reason": None, "title": "Leave",
                    "mime": "text/markdown", "size_bytes": 47, "chunks": 1}],
    )  # fmt: skip

    agent_id: str
    documents: list[DocumentOfGeneration]


class ChangedDocument(BaseModel):
    """A document that is not the same in two generations."""

    path: str
    title: str
    change: Literal["added", "removed", "changed"]
    chunks_added: int
    chunks_removed: int
    chunks_kept: int


class Changes(BaseModel):
    """What changed between two generations."""

    model_config = example(
        agent_id="hr", before={**_STANDING, "number": 3, "state": "retired"}, after=_STANDING,
        documents=[{"path": "leave.md", "title": "Leave", "change": "changed", "chunks_added": 1,
                    "chunks_removed": 1, "chunks_kept": 3}],
    )  # fmt: skip

    agent_id: str
    before: StandingGeneration
    after: StandingGeneration
    documents: list[ChangedDocument]


class NamedThing(BaseModel):
    """Something that documents name."""

    name: str
    said: str = Field(description="as a document writes it")
    kind: str
    chunks: int


class Names(BaseModel):
    """What the live documents of an agent name most often."""

    model_config = example(
        agent_id="hr", names=[{"name": "acme ltd", "said": "Acme Ltd", "kind": "organisation", "chunks": 7}]
    )  # fmt: skip

    agent_id: str
    names: list[NamedThing]


class FoundPassage(Passage):
    """A passage, and the commit that it stands in."""

    sha: str


class Found(BaseModel):
    """Passages, the best first."""

    model_config = example(agents=["hr"], passages=[_PASSAGE])

    agents: list[str] = Field(description="that were looked in")
    passages: list[FoundPassage]


class Push(BaseModel):
    """What became of a push."""

    model_config = example(
        delivery_id="github:72d3162e", provider="github", repository="acme/handbook",
        ref="refs/heads/main", after_sha=SHA, pusher="ann", received_at=AT, taken_at=AT,
        dagster_runs=[RUN],
    )  # fmt: skip

    delivery_id: str
    provider: str
    repository: str
    ref: str
    after_sha: str
    pusher: str
    received_at: datetime
    taken_at: datetime | None = Field(description="when the writer looked at git because of it")
    dagster_runs: list[str]
