"""What providers cost, and how much of each budget is left. `/costs`."""

from typing import Any, Final

from pydantic import BaseModel, Field

from graph.server.replies.examples import SESSION, example

_SUM: Final = {
    "requests": 40, "prompt_tokens": 52000, "completion_tokens": 6100, "cost": 0.21,
    "estimated_cost": 0.0, "estimated_spread": 0.0,
}  # fmt: skip
_BALANCE: Final[dict[str, Any]] = {
    "budget": "month", "subject": "", "begins": "2031-01-01", "spent": 0.21, "held": 0.0,
    "scope": "workspace", "period": "month", "unit": "usd", "over": "refuse", "cap": 50.0,
    "used": 0.0042,
}  # fmt: skip
_CACHE: Final = {
    "cache": "answers", "hits": 30, "misses": 10, "entries": 25, "bytes": 91000,
    "saved_cost": 0.09, "saved_seconds": 41.5, "hit_rate": 0.75,
}  # fmt: skip


class Spent(BaseModel):
    """Requests and what they took."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float
    estimated_cost: float = Field(description="the part of it that no provider said")
    estimated_spread: float = Field(
        description="by how much the guessed part may lie beside what is billed: one standard deviation"
    )


class SpentOn(Spent):
    """The same of one agent, type, user, session, day or model."""

    name: str
    failed: int
    open: int


class ReadOut(BaseModel):
    """What was read out of passages by a model."""

    requests: int
    cost: float


class BudgetBalance(BaseModel):
    """A budget, and how much of it is spent or held."""

    budget: str
    subject: str | None
    begins: str | None
    spent: float
    held: float
    scope: str
    period: str
    unit: str
    over: str = Field(description="what happens when it is used up")
    cap: float
    used: float = Field(description="share of it")


class Projection(BaseModel):
    """What the month will cost if it goes on like this."""

    month: str
    spent: float
    projected: float


class CostlyQuestion(BaseModel):
    """A question, and what asking it took."""

    thread_id: str
    answer_id: str
    question: str
    query_type: str
    cost: float
    requests: int
    knowledge_cost: float = Field(description="its share of reading the cited passages out")


class CacheFigures(BaseModel):
    """How often a cache knew, and what it holds."""

    cache: str
    hits: int
    misses: int
    entries: int
    bytes: int
    saved_cost: float
    saved_seconds: float
    hit_rate: float


class Costs(BaseModel):
    """Spend by one thing, and all that belongs to it."""

    model_config = example(
        by="agent", since="2031-01-01T00:00:00+00:00", until=None,
        rows=[{"name": "hr", **_SUM, "failed": 0, "open": 0}], total=_SUM,
        ingestion={"requests": 12, "cost": 0.03}, budgets=[_BALANCE],
        projection={"month": "2031-01", "spent": 0.21, "projected": 0.44},
        costly_questions=[{"thread_id": SESSION, "answer_id": "a-1", "question": "Compare the plans",
                           "query_type": "complex_analysis", "cost": 0.02, "requests": 3,
                           "knowledge_cost": 0.001}],
        caches=[_CACHE],
    )  # fmt: skip

    by: str
    since: str
    until: str | None
    rows: list[SpentOn]
    total: Spent
    ingestion: ReadOut
    budgets: list[BudgetBalance]
    projection: Projection
    costly_questions: list[CostlyQuestion] = Field(description="the dearest ten")
    caches: list[CacheFigures]
