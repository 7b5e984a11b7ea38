"""What a caller says to have runs started by the clock."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph.server.database import Row
from graph.server.errors import ApiError
from graph.server.run_request import Metadata, OwnId, RunRequest

Schedule = Annotated[str, Field(min_length=9, max_length=200, examples=["0 9 * * 1"])]
Zone = Annotated[str, Field(max_length=60, examples=["Europe/Stockholm"])]
Completion = Literal["delete", "keep"]
SortBy = Literal[
    "cron_id", "assistant_id", "thread_id", "created_at", "updated_at", "next_run_date", "end_time"
]
# What belongs to the clock; the rest of a body is the run that is started.
OF_THE_CLOCK: Final = frozenset(
    {"schedule", "timezone", "end_time", "enabled", "on_run_completed", "metadata"}
)
# Said once for each run, by whoever starts it.
NOT_REPEATED: Final = ("command", "checkpoint", "checkpoint_id", "after_seconds", "if_not_exists")


class CronTimes(BaseModel):
    """When, and until when."""

    timezone: Zone | None = None
    end_time: datetime | None = None
    on_run_completed: Completion | None = None

    @field_validator("end_time")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


class CronRequest(RunRequest, CronTimes):
    """A run, and the schedule of its repetitions."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {
                "assistant_id": "scriptorium",
                "schedule": "0 9 * * 1",
                "timezone": "Europe/Stockholm",
                "input": {"question": "What changed in the handbook?"},
            }
        },
    )

    schedule: Schedule
    enabled: bool = True

    def check(self) -> None:
        """Refuse what cannot be said again and again."""
        said = [one for one in NOT_REPEATED if getattr(self, one) is not None]
        if said:
            raise ApiError(422, f"a cron cannot have {', '.join(said)}", hint="leave it out")
        super().check()

    def payload(self) -> dict[str, Any]:
        return self.model_dump(exclude=set(OF_THE_CLOCK), exclude_none=True, mode="json")


class CronChange(CronTimes):
    """What is to be otherwise from now on; what is not said stays."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"schedule": "0 7 * * 1-5", "enabled": True}}
    )

    schedule: Schedule | None = None
    enabled: bool | None = None
    metadata: Metadata | None = None
    input: Any = None
    config: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    webhook: str | None = None
    interrupt_before: Any = None
    interrupt_after: Any = None
    stream_mode: Any = None
    stream_subgraphs: bool | None = None

    def applied(self, cron: Row) -> CronRequest:
        """The whole cron as it will be, checked like a new one."""
        before = {**cron["payload"], **{one: cron[one] for one in OF_THE_CLOCK}}
        said = self.model_dump(exclude_unset=True)
        changed = {one: value for one, value in said.items() if value is not None or one == "end_time"}  # fmt: skip
        changed.pop("metadata", None)
        request = CronRequest.model_validate({**before, **changed})
        about = {**cron["metadata"], **(self.metadata or {})}
        return request.model_copy(update={"metadata": about})


class CronSearch(BaseModel):
    """Which crons to list."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"enabled": True, "sort_by": "next_run_date"}}
    )

    assistant_id: str | None = Field(default=None, max_length=200)
    thread_id: OwnId | None = None
    enabled: bool | None = None
    metadata: Metadata | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    sort_by: SortBy = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"
    select: list[str] | None = Field(default=None, max_length=50)
