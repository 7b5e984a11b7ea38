"""What a caller says to make an assistant, to change it, or to find some."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.server.run_request import Metadata, OwnId, RunConfig

Name = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=2000)]
SortBy = Literal["assistant_id", "graph_id", "name", "created_at", "updated_at"]


class AssistantFields(BaseModel):
    """What both making and changing may say."""

    config: RunConfig | None = None
    context: dict[str, Any] | None = None
    metadata: Metadata | None = None
    name: Name | None = None
    description: Description | None = None


class NewAssistant(AssistantFields):
    """A graph with a config and a context of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "graph_id": "scriptorium",
                "name": "Quick",
                "context": {"timeout": 30},
                "metadata": {"team": "hr"},
            }
        }
    )

    graph_id: str = Field(min_length=1, max_length=200)
    assistant_id: OwnId | None = None
    if_exists: Literal["raise", "do_nothing"] | None = None


class ChangedAssistant(AssistantFields):
    """The next version; what is not said stays, and metadata is added to."""

    model_config = ConfigDict(json_schema_extra={"example": {"context": {"timeout": 60}}})

    graph_id: str | None = Field(default=None, min_length=1, max_length=200)


class LatestVersion(BaseModel):
    """Which version runs from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"version": 1}})

    version: int = Field(ge=1, le=1_000_000)


class AssistantSearch(BaseModel):
    """What to look for; those of graphs come first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"graph_id": "scriptorium", "limit": 10}}
    )

    graph_id: str | None = Field(default=None, max_length=200)
    name: str | None = Field(default=None, max_length=200)
    metadata: Metadata | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    sort_by: SortBy | None = None
    sort_order: Literal["asc", "desc"] | None = None
    select: list[str] | None = Field(default=None, max_length=50)
