"""Assistants and what is kept beside threads, as the LangGraph API has them. `/assistants… /store…`."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from graph.server.replies.examples import AT, example, selected

_ASSISTANT: Final[dict[str, Any]] = {
    "assistant_id": "leave-helper", "graph_id": "agent", "name": "Leave", "description": None,
    "config": {}, "context": {}, "metadata": {"team": "hr"}, "version": 2, "created_at": AT,
}  # fmt: skip
_SCHEMA: Final = {"type": "object", "properties": {"question": {"type": "string"}}}
_SCHEMAS: Final = {
    "graph_id": "agent", "input_schema": _SCHEMA, "output_schema": _SCHEMA, "state_schema": _SCHEMA,
    "config_schema": {}, "context_schema": {},
}  # fmt: skip
_ITEM: Final[dict[str, Any]] = {
    "namespace": ["notes", "ann"], "key": "k", "value": {"text": "call back"}, "created_at": AT,
    "updated_at": AT,
}  # fmt: skip


class AssistantVersion(BaseModel):
    """An assistant as one of its versions has it."""

    model_config = example(**_ASSISTANT)

    assistant_id: str
    graph_id: str
    name: str
    description: str | None
    config: dict[str, Any]
    context: dict[str, Any]
    metadata: dict[str, Any]
    version: int
    created_at: datetime


class Assistant(AssistantVersion):
    """A graph with a config and a context of its own."""

    model_config = example(**_ASSISTANT, updated_at=AT)

    updated_at: datetime


class SelectedAssistant(Assistant):
    """An assistant, with those of its fields that were selected."""

    model_config = selected(assistant_id="leave-helper", name="Leave")


class GraphSchemas(BaseModel):
    """JSON schemas of what goes in and out of a graph."""

    model_config = example(**_SCHEMAS)

    graph_id: str
    input_schema: dict[str, Any] | None
    output_schema: dict[str, Any] | None
    state_schema: dict[str, Any] | None
    config_schema: dict[str, Any] | None
    context_schema: dict[str, Any] | None


class GraphPicture(BaseModel):
    """Nodes and edges of a graph."""

    model_config = example(
        nodes=[{"id": "__start__", "type": "schema"}, {"id": "plan", "type": "runnable"}],
        edges=[{"source": "__start__", "target": "plan"}],
    )

    nodes: list[dict[str, Any]] = Field(description="id, type and data of each")
    edges: list[dict[str, Any]] = Field(description="source, target, and whether conditional")


class KeptItem(BaseModel):
    """What is kept in the store."""

    model_config = example(**_ITEM)

    namespace: list[str]
    key: str
    value: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class FoundItem(KeptItem):
    """An item that was searched for."""

    score: float | None


class Items(BaseModel):
    """Items below a namespace."""

    model_config = example(items=[{**_ITEM, "score": None}])

    items: list[FoundItem]


class Namespaces(BaseModel):
    """Namespaces that hold something."""

    model_config = example(namespaces=[["notes", "ann"]])

    namespaces: list[list[str]]
