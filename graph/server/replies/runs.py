"""Runs, and runs by the clock, as the LangGraph API has them. `/runs… /threads/{thread_id}/runs… /runs/crons…`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.server.replies.examples import AT, RUN, SESSION, example, selected

_RUN: Final[dict[str, Any]] = {
    "run_id": RUN, "thread_id": SESSION, "assistant_id": "agent", "status": "pending",
    "metadata": {"requested_by": "ann"}, "multitask_strategy": "enqueue",
    "kwargs": {"input": {"question": "How many days of leave?"}}, "created_at": AT,
    "updated_at": AT, "cancel_reason": None,
}  # fmt: skip


class Run(BaseModel):
    """One run of a graph."""

    model_config = example(**_RUN)

    run_id: str
    thread_id: str
    assistant_id: str
    status: Literal["pending", "running", "success", "error", "timeout", "interrupted"]
    metadata: dict[str, Any]
    multitask_strategy: str
    kwargs: dict[str, Any] = Field(description="what it was asked with")
    created_at: datetime
    updated_at: datetime
    cancel_reason: Literal["interrupt", "rollback"] | None


class SelectedRun(Run):
    """A run, with those of its fields that were selected."""

    model_config = selected(run_id=RUN, status="success")


class FinalValues(BaseModel):
    """The state of the graph at the run's end: `question`, `answer`, `citations` and the others."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {"question": "How many days of leave?", "answer": "28 days. [1]"}
        },
    )

    interrupts: list[dict[str, Any]] = Field(
        default_factory=list[dict[str, Any]], alias="__interrupt__", description="what it waits for"
    )
    error: Any = Field(default=None, alias="__error__", description="why it failed")


class Stopping(BaseModel):
    """It will stop, or has stopped; there is nothing more to say."""

    model_config = example()


class Cron(BaseModel):
    """Runs by the clock."""

    model_config = example(
        cron_id=RUN, assistant_id="agent", thread_id=None, on_run_completed=None, end_time=None,
        schedule="0 7 * * 1-5", timezone="Europe/Berlin", created_at=AT, updated_at=AT,
        payload={"input": {"question": "What changed yesterday?"}}, next_run_date=AT, metadata={},
        enabled=True, last_run_id=None, last_error=None, user_id="ann",
    )  # fmt: skip

    cron_id: str
    assistant_id: str
    thread_id: str | None = Field(description="null: a thread of its own for each run")
    on_run_completed: Literal["delete", "keep"] | None
    end_time: datetime | None
    schedule: str
    timezone: str | None
    created_at: datetime
    updated_at: datetime
    payload: dict[str, Any]
    next_run_date: datetime | None = Field(description="null: it does not run any more")
    metadata: dict[str, Any]
    enabled: bool
    last_run_id: str | None
    last_error: str | None
    user_id: str


class SelectedCron(Cron):
    """A cron, with those of its fields that were selected."""

    model_config = selected(cron_id=RUN, schedule="0 7 * * 1-5", enabled=True)
