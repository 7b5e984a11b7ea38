"""What a caller may say about one run, as plain JSON."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph.caching.wishes import LONGEST, read_wish
from graph.selection import EVERYTHING, Selection
from kb_contract.errors import BadInput


class RunContext(BaseModel):
    """Bounds of one run; what is left out comes from the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_parallel: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="steps of the plan that work at one time",
        json_schema_extra={"langgraph_nodes": ["execute"]},
    )
    timeout: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description="seconds of work for one answer; waiting for people does not count",
        json_schema_extra={"langgraph_nodes": ["execute"]},
    )
    as_of: str | None = Field(
        default=None,
        max_length=60,
        description="answer from the past: a generation's number, a commit, or a moment",
        json_schema_extra={"langgraph_nodes": ["plan", "execute"]},
    )
    only: Selection = Field(
        default=EVERYTHING,
        description="documents that are looked at: by tags, versions, audience, dates",
        json_schema_extra={"langgraph_nodes": ["plan", "execute"]},
    )
    cache: str | None = Field(
        default=None,
        max_length=LONGEST,
        description="about what is kept (answers, passages, results of tools), as Cache-Control says it: "
        "no-cache, no-store, only-if-cached, max-age=SECONDS",
        json_schema_extra={"langgraph_nodes": ["recall", "execute"]},
    )

    @field_validator("cache")
    @classmethod
    def _says_something(cls, said: str | None) -> str | None:
        try:
            read_wish(said)
        except BadInput as error:
            raise ValueError(str(error)) from error
        return said
