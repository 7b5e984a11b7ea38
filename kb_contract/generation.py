"""A generation: one immutable version of one agent's knowledge."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from kb_contract.calibration import OwnQuestions
from kb_contract.identifiers import Colour

GenerationState = Literal["staged", "checked", "live", "retired", "failed"]


class Generation(BaseModel):
    """A row of `kb.generations`.

    Rows written by an older version stay readable: add fields with a default, never rename.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    generation_id: int
    workspace_id: str
    agent_id: str
    number: int
    state: GenerationState
    git_sha: str
    """What `git show <git_sha>:<path>` takes: a commit, or a tree when `uncommitted`."""
    tree_sha: str
    """Git's tree of the agent's folder: equal trees are equal knowledge."""
    uncommitted: bool
    manifest: dict[str, Any]
    instructions: str
    config_digest: str
    space: dict[str, Any]
    documents: int
    chunks: int
    quarantined: int
    manifest_digest: str | None
    colour: Colour | None
    collection: str | None
    checks: dict[str, Any]
    own_questions: OwnQuestions | None = None
    """None where it was never asked: its agent says from where on it may answer, or it is older."""
    reason: str | None
    run_id: str | None
    dagster_run_id: str | None
    created_at: datetime
    live_at: datetime | None
    ended_at: datetime | None = None
    pruned_at: datetime | None = None
    """When retention took what it was made of; the row stays as history."""
