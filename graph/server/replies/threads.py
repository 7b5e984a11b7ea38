"""Threads and their states, as the LangGraph API has them. `/threads…`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from graph.server.replies.examples import AT, SESSION, example, selected

_PLACE: Final = {"thread_id": SESSION, "checkpoint_ns": "", "checkpoint_id": "1f0b2c3d-4e5f-6a7b"}
_VALUES: Final = {"question": "How many days of leave?", "answer": "28 days. [1]"}


class Interrupt(BaseModel):
    """What a thread waits for."""

    id: str
    value: Any
    response_schema: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="of an answer, where the graph gives one"
    )


class Thread(BaseModel):
    """A conversation."""

    model_config = example(
        thread_id=SESSION, status="idle", metadata={"team": "hr"}, config={}, created_at=AT,
        updated_at=AT, values=_VALUES, interrupts={},
    )  # fmt: skip

    thread_id: str
    status: Literal["idle", "busy", "interrupted", "error"]
    metadata: dict[str, Any]
    config: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    values: Any = Field(description="the newest state; null before the first run")
    interrupts: dict[str, list[Interrupt] | None] = Field(description="what it waits for, by task")


class SelectedThread(Thread):
    """A thread, with those of its fields that were selected."""

    model_config = selected(thread_id=SESSION, status="idle")


class Checkpoint(BaseModel):
    """Where a state lies."""

    model_config = example(**_PLACE)

    thread_id: str | None
    checkpoint_ns: str | None
    checkpoint_id: str | None


class Task(BaseModel):
    """A node that is to run, or waits."""

    id: str
    name: str
    path: Any
    error: str | None
    interrupts: list[Interrupt]
    checkpoint: Checkpoint | None
    state: "State | None" = Field(description="of the graph inside, where it was asked for")
    result: Any


class State(BaseModel):
    """A thread as it was after a step; with `select`, those fields only."""

    model_config = selected(
        values=_VALUES, next=[], tasks=[], metadata={"source": "loop", "step": 9}, created_at=AT,
        checkpoint=_PLACE, parent_checkpoint=None, interrupts=[],
        checkpoint_id=_PLACE["checkpoint_id"], parent_checkpoint_id=None,
    )  # fmt: skip

    values: Any
    next: list[str]
    tasks: list[Task]
    metadata: dict[str, Any] | None
    created_at: str | None
    checkpoint: dict[str, Any] = Field(description="thread_id, checkpoint_ns, checkpoint_id")
    parent_checkpoint: dict[str, Any] | None
    interrupts: list[Interrupt]
    checkpoint_id: str | None
    parent_checkpoint_id: str | None


class WrittenState(BaseModel):
    """Where what was written by hand lies."""

    model_config = example(checkpoint=_PLACE, configurable=_PLACE)

    checkpoint: Checkpoint | None
    configurable: Checkpoint | None


class Pruned(BaseModel):
    """How many threads were pruned."""

    model_config = example(pruned_count=2)

    pruned_count: int
