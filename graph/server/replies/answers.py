"""Kept answers and how good they are. `/answers… /evaluations /gaps /feedback`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graph.server.replies.examples import AT, CHUNK, RUN, SESSION, SHA, example
from graph.server.replies.orchestration import COVERAGE

_PLACES: Final = {
    "passage_url": "/answers/a-1/citations/1", "run_url": f"http://127.0.0.1:3000/runs/{RUN}",
    "asset_url": "http://127.0.0.1:3000/assets/live_alias?view=events&partition=hr",
}  # fmt: skip
_CITED: Final[dict[str, Any]] = {
    "ordinal": 1, "agent_id": "hr", "generation": 4, "chunk_id": CHUNK, "path": "leave.md",
    "sha": SHA, "start": 8, "end": 47, "quote": "Employees have 28 days of leave a year.",
    "heading_path": ["Leave"], "page": None, "score": 0.91, "run_id": RUN, **_PLACES,
}  # fmt: skip


class PassagePlaces(BaseModel):
    """Where a passage is shown, and what published it; null where no address of Dagster is set."""

    passage_url: str
    run_url: str | None
    asset_url: str | None


class KeptCitation(PassagePlaces):
    """A quote of an answer, and its place in git."""

    ordinal: int
    agent_id: str
    generation: int
    chunk_id: str
    path: str
    sha: str
    start: int = Field(description="in characters of the file at the commit")
    end: int
    quote: str
    heading_path: list[str]
    page: int | None
    score: float
    run_id: str | None


class KeptAnswer(BaseModel):
    """An answer with all that it stands on."""

    model_config = example(
        answer_id="a-1", thread_id=SESSION, run_id=RUN, question="How many days of leave?",
        query_type="simple_lookup", status="answered",
        answer="Employees have 28 days of leave a year. [1]", coverage=COVERAGE, conflicts=[],
        as_of=None, generations={"hr": 4}, created_at=AT, cached_from=None, stale_at=None,
        stale_why=None, citations=[_CITED],
    )  # fmt: skip

    answer_id: str
    thread_id: str
    run_id: str | None
    question: str
    query_type: str
    status: str
    answer: str
    coverage: dict[str, Any] = Field(description="which sentence stands on which citations")
    conflicts: list[dict[str, Any]] = Field(description="sources that contradict each other")
    as_of: str | None
    generations: dict[str, Any] = Field(description="that it was answered from, by agent")
    created_at: datetime
    cached_from: str | None
    stale_at: datetime | None = Field(description="since when documents say something else")
    stale_why: str | None
    citations: list[KeptCitation]


class CitedPassage(PassagePlaces):
    """The passage of a citation, cut where its quote begins and ends."""

    model_config = example(
        **_PLACES, answer_id="a-1", before="# Leave\n", quote="Employees have 28 days of leave a year.",
        after="", stands=True, path="leave.md", title="Leave", sha=SHA, start=8, end=47, page=None,
        heading_path=["Leave"], agent_id="hr", generation=4, chunk_id=CHUNK, run_id=RUN, score=0.91,
    )  # fmt: skip

    answer_id: str
    before: str
    quote: str
    after: str
    stands: bool = Field(description="whether the words are those that were quoted")
    path: str
    title: str
    sha: str
    start: int
    end: int
    page: int | None
    heading_path: list[str]
    agent_id: str
    generation: int
    chunk_id: str
    run_id: str | None
    score: float


class StaleAnswer(BaseModel):
    """An answer that was given and holds no more."""

    answer_id: str
    thread_id: str
    question: str
    query_type: str
    created_at: datetime
    stale_at: datetime
    why: str | None
    cached_from: str | None
    agent_id: str | None = Field(description="whose generation made it so")
    generation: int | None


class StaleAnswers(BaseModel):
    """Answers that hold no more, newest first."""

    model_config = example(
        answers=[{"answer_id": "a-1", "thread_id": SESSION, "question": "How many days of leave?",
                  "query_type": "simple_lookup", "created_at": AT, "stale_at": AT,
                  "why": "what it quotes has changed", "cached_from": None, "agent_id": "hr",
                  "generation": 5}]
    )  # fmt: skip

    answers: list[StaleAnswer]


class FigureChange(BaseModel):
    """How a figure differs from the measurement before, over the questions that both have."""

    n: int
    before: float
    now: float
    difference: float
    low: float
    high: float
    p: float = Field(description="how often chance alone gives as large a change")
    verdict: Literal["better", "worse", "even"]


class Evaluation(BaseModel):
    """A measurement, and how it differs from the one before."""

    evaluation_id: int
    kind: Literal["retrieval", "answers", "citations", "extraction"]
    data: str
    agent_id: str | None
    generation: int | None
    git_sha: str | None
    model: str
    figures: dict[str, Any]
    differences: dict[str, FigureChange]
    measured_by: str
    at: datetime


class Evaluations(BaseModel):
    """Measurements, newest first."""

    model_config = example(
        evaluations=[{"evaluation_id": 7, "kind": "retrieval", "data": "golden questions",
                      "agent_id": "hr", "generation": 4, "git_sha": SHA, "model": "offline",
                      "figures": {"recall@10": 0.97},
                      "differences": {"recall@10": {
                          "n": 100, "before": 0.92, "now": 0.97, "difference": 0.05, "low": 0.01,
                          "high": 0.1, "p": 0.0312, "verdict": "better"}},
                      "measured_by": "ann", "at": AT}]
    )  # fmt: skip

    evaluations: list[Evaluation]


class Gap(BaseModel):
    """A question that an agent had nothing about."""

    gap_id: int
    agent_id: str
    question: str
    state: Literal["open", "closed", "dismissed"]
    times: int = Field(description="how often it was asked")
    answer_id: str | None
    asked_at: datetime
    closed_generation: int | None
    closed_sha: str | None
    closed_path: str | None
    closed_by: str | None
    closed_at: datetime | None


class Gaps(BaseModel):
    """Open ones first, the most asked before the others."""

    model_config = example(
        gaps=[{"gap_id": 5, "agent_id": "hr", "question": "Is there a canteen?", "state": "open",
               "times": 3, "answer_id": "a-9", "asked_at": AT, "closed_generation": None,
               "closed_sha": None, "closed_path": None, "closed_by": None, "closed_at": None}]
    )  # fmt: skip

    gaps: list[Gap]


class GivenFeedback(BaseModel):
    """What somebody said of an answer."""

    model_config = example(
        answer_id="a-1", given_by="ann", verdict="down", correction="28 days", passages=[], at=AT
    )

    answer_id: str
    given_by: str
    verdict: Literal["up", "down"]
    correction: str
    passages: list[dict[str, Any]]
    at: datetime
