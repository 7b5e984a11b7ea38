"""Question types, plans, and plans at work. `/classify /plan /validate /optimize /workflows…`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graph.classification.query_type import QueryType
from graph.planning.workflow_plan import Estimate, WorkflowPlan
from graph.server.replies.examples import AT, DIGEST, RUN, SESSION, example

_ESTIMATE: Final = {"seconds": 0.6, "tokens": 0, "cost": 0.0, "source": "declared"}
_STEP: Final[dict[str, Any]] = {
    "step_id": "s1", "agent": "hr", "capability": "knowledge",
    "question": "How many days of leave?", "estimate": _ESTIMATE,
}  # fmt: skip
PLAN: Final[dict[str, Any]] = {
    "query": "How many days of leave?", "query_type": "simple_lookup", "shape": "single",
    "steps": [_STEP], "estimate": _ESTIMATE, "made_by": "rules",
}  # fmt: skip
_CLASSIFIED: Final[dict[str, Any]] = {
    "query_type": "simple_lookup", "confidence": 0.93, "path": "model",
    "alternatives": [["rag_document", 0.05]], "reasons": ["asks for one number"],
}  # fmt: skip
_PICTURE: Final = "flowchart LR\n  s1[hr]"


class Classified(BaseModel):
    """The type of a question, how sure that is, and what decided."""

    model_config = example(**_CLASSIFIED)

    query_type: QueryType
    confidence: float
    path: str = Field(description="what decided: the model, the rules, an agent that was asked …")
    alternatives: list[list[QueryType | float]] = Field(
        description="pairs of a type and its probability, the likeliest first"
    )
    reasons: list[str]


class ShownPlan(BaseModel):
    """A plan with its digest and its picture."""

    plan: WorkflowPlan
    digest: str = Field(description="of what will be done; an approval is bound to it")
    mermaid: str


class MadePlan(ShownPlan):
    """The plan that would answer a question."""

    model_config = example(plan=PLAN, digest=DIGEST, mermaid=_PICTURE, classification=_CLASSIFIED)

    classification: Classified


class BetterPlan(ShownPlan):
    """A plan after optimisation, and what it would have taken before."""

    model_config = example(
        plan=PLAN, digest=DIGEST, mermaid=_PICTURE, before=_ESTIMATE, changed=False
    )

    before: Estimate
    changed: bool


class JudgedPlan(BaseModel):
    """What is wrong with a plan; a valid one is shown as it would be run."""

    model_config = example(valid=True, problems=[], plan=PLAN, digest=DIGEST, mermaid=_PICTURE)

    valid: bool
    problems: list[str]
    plan: WorkflowPlan | None
    digest: str = ""
    mermaid: str = ""


class ListedRun(BaseModel):
    """A run with its question."""

    run_id: str
    thread_id: str
    status: Literal["pending", "running", "success", "error", "timeout", "interrupted"]
    error: str | None
    attempt: int
    created_at: datetime
    updated_at: datetime
    requested_by: str | None
    goes_on: bool | None = Field(description="whether it goes on after an answer of a person")
    question: str


class RecentRuns(BaseModel):
    """Runs of every session, newest first."""

    model_config = example(
        runs=[{"run_id": RUN, "thread_id": SESSION, "status": "success", "error": None, "attempt": 1,
               "created_at": AT, "updated_at": AT, "requested_by": "ann", "goes_on": False,
               "question": "How many days of leave?"}]
    )  # fmt: skip

    runs: list[ListedRun]


class StepAtWork(BaseModel):
    """A step, and how far it is."""

    step_id: str
    agent: str
    capability: str
    depends_on: list[str]
    requires_approval: bool
    estimate: Estimate
    status: str | None = Field(description="waiting, running, awaiting_approval, done, failed …")
    seconds: float | None = None
    decision: Any = None
    error: str = ""


class PlanAtWork(BaseModel):
    """The plan of a run, with how far each step is."""

    model_config = example(
        run_id=RUN, thread_id=SESSION, run_status="success", plan=PLAN, digest=DIGEST,
        steps=[{"step_id": "s1", "agent": "hr", "capability": "knowledge", "depends_on": [],
                "requires_approval": False, "estimate": _ESTIMATE, "status": "done",
                "seconds": 0.04}],
        finished=1, of=1, mermaid=_PICTURE,
    )  # fmt: skip

    run_id: str
    thread_id: str
    run_status: str
    plan: WorkflowPlan
    digest: str
    steps: list[StepAtWork]
    finished: int
    of: int
    mermaid: str
