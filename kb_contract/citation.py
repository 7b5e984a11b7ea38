"""A citation, as it reaches people and programs."""

from typing_extensions import TypedDict


class Citation(TypedDict):
    """A verified quote and its place: `git show sha:path`, characters `start` to `end`."""

    quote: str
    path: str
    sha: str
    start: int
    end: int
    agent_id: str
    chunk_id: str
    generation: int
    run_id: str | None
    score: float
    heading_path: list[str]
    page: int | None
    title: str
    uncommitted: bool
