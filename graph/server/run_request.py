"""What a caller says to start a run, checked before anything is kept."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, cast

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph.server.errors import ApiError
from graph.server.run_parts import KNOWN_MODES
from kb_contract.kept_secrets import KeptSecrets

ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$"
PathId = Annotated[str, Path(pattern=ID_PATTERN)]
OwnId = Annotated[str, Field(pattern=ID_PATTERN)]
Metadata = Annotated[dict[str, Any], Field(max_length=100)]
Strategy = Literal["reject", "enqueue", "interrupt", "rollback"]
RESUME_MODES: Final = ["custom", "updates", "values"]
IN_VAIN: Final[Mapping[str, Any]] = {"type": "reject", "message": "nobody answered in time"}
"""What the policy decides when time is up and there is nobody left to ask."""
# A caller may not say where checkpoints lie, nor speak to LangGraph's inner workings.
RESERVED: Final = (
    "thread_id",
    "run_id",
    "attempt",
    "trace_id",
    "checkpoint_id",
    "checkpoint_ns",
    "checkpoint_map",
)


class RunConfig(BaseModel):
    """The part of LangGraph's config that callers may set."""

    model_config = ConfigDict(extra="ignore")

    tags: list[str] | None = Field(default=None, max_length=50)
    recursion_limit: int | None = Field(default=None, ge=1, le=1000)
    configurable: dict[str, Any] | None = None
    metadata: Metadata | None = None

    @field_validator("configurable")
    @classmethod
    def _drop_reserved(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            name: one
            for name, one in value.items()
            if name not in RESERVED and not name.startswith("__")
        }


class CheckpointPlace(BaseModel):
    """A state of the past (or the newest), to go on from."""

    model_config = ConfigDict(extra="ignore")

    checkpoint_id: OwnId | None = None
    checkpoint_ns: str | None = Field(default=None, max_length=500)

    def configurable(self) -> dict[str, Any]:
        place = {"checkpoint_id": self.checkpoint_id, "checkpoint_ns": self.checkpoint_ns or ""}
        return {name: one for name, one in place.items() if one is not None}


class CommandBody(BaseModel):
    """`Command`: answer interrupts, change the state, go somewhere."""

    model_config = ConfigDict(extra="ignore")

    resume: Any = None
    update: Any = None
    goto: Any = None

    @field_validator("goto")
    @classmethod
    def _is_place(cls, value: Any) -> Any:
        several = cast("list[Any]", value) if isinstance(value, list) else [value]
        for one in several:
            named = isinstance(one, Mapping) and isinstance(cast("Any", one).get("node"), str)
            if not (one is None or isinstance(one, str) or named):
                raise ValueError("goto takes names of nodes, or {node, input}")
        return cast("Any", value)


class RunRequest(BaseModel):
    """The body of every route that starts a run."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "example": {
                "assistant_id": "scriptorium",
                "input": {"question": "How many days of leave?"},
            }
        },
    )

    assistant_id: str = Field(min_length=1, max_length=200)
    input: Any = None
    command: CommandBody | None = None
    config: RunConfig | None = None
    context: dict[str, Any] | None = None
    metadata: Metadata | None = None
    stream_mode: str | list[str] | None = None
    stream_subgraphs: bool | None = False
    stream_resumable: bool | None = None
    interrupt_before: Literal["*"] | list[str] | None = None
    interrupt_after: Literal["*"] | list[str] | None = None
    checkpoint: CheckpointPlace | None = None
    checkpoint_id: OwnId | None = None
    multitask_strategy: Strategy | None = None
    if_not_exists: Literal["create", "reject"] | None = None
    on_disconnect: Literal["cancel", "continue"] | None = None
    on_completion: Literal["delete", "keep"] | None = None
    after_seconds: float | None = Field(default=None, ge=0, le=2_592_000)
    strict_resume: bool | None = None
    webhook: str | None = Field(default=None, max_length=2000)

    @property
    def modes(self) -> list[str]:
        """Stream modes, in the order asked."""
        said = self.stream_mode or "values"
        return [said] if isinstance(said, str) else list(dict.fromkeys(said))

    @property
    def answers(self) -> Any:
        """What a resume says; None when this is none."""
        return self.command.resume if self.command else None

    def check(self) -> None:
        """Refuse what is understood but not done here."""
        unknown = [one for one in self.modes if one not in KNOWN_MODES]
        if unknown:
            raise ApiError(
                422,
                f"stream_mode {', '.join(unknown)[:200]} is not known",
                hint=f"use {', '.join(sorted(KNOWN_MODES))}",
            )
        if self.command and self.input is not None:
            raise ApiError(422, "input and command cannot come together", hint="send one of them")

    def kwargs(self, *, stateless: bool = False) -> dict[str, Any]:
        """What the worker needs to run it; only a thread of its own is forgotten with it."""
        place = self.checkpoint or (
            CheckpointPlace(checkpoint_id=self.checkpoint_id) if self.checkpoint_id else None
        )
        return {
            "input": self.input,
            "command": self.command.model_dump() if self.command else None,
            "config": self.config.model_dump(exclude_none=True) if self.config else None,
            "context": self.context,
            "stream_mode": self.modes,
            "stream_subgraphs": bool(self.stream_subgraphs),
            "interrupt_before": self.interrupt_before,
            "interrupt_after": self.interrupt_after,
            "checkpoint": place.configurable() if place else None,
            "on_disconnect": self.on_disconnect,
            "on_completion": self.on_completion if stateless else None,
        }


def without_secrets(request: RunRequest, known: KeptSecrets) -> RunRequest:
    """What a caller says is kept in many places; keys that slipped into it are kept in none.

    An answer is applied as it was given or not at all, so one with a key in it is refused.
    """
    if known.hidden(request.answers) != request.answers:
        raise ApiError(422, "a key stands in the answer", hint="say it without: answers are kept")
    said = {name: getattr(request, name) for name in ("input", "context", "metadata")}
    command = request.command and request.command.model_copy(
        update={"update": known.hidden(request.command.update)}
    )
    return request.model_copy(
        update={name: known.hidden(one) for name, one in said.items()} | {"command": command}
    )


def answer_request(
    assistant_id: str,
    approval_id: str,
    decision: Mapping[str, Any],
    *,
    after_seconds: float | None = None,
) -> RunRequest:
    """The run that carries one decision to the graph."""
    return RunRequest(
        assistant_id=assistant_id,
        command=CommandBody(resume={approval_id: {"decisions": [dict(decision)]}}),
        stream_mode=list(RESUME_MODES),
        stream_subgraphs=True,
        after_seconds=after_seconds,
    )
