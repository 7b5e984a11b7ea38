"""Which graph a run is for, and what it is given beside its input: by a graph's name, or by an assistant of a caller's."""

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar

from graph.server.database import Row
from graph.server.graph_set import GraphSet, assistant_id
from graph.server.run_request import RunConfig, RunRequest

BORN: Final = "2026-01-01T00:00:00+00:00"
SYSTEM: Final = {"created_by": "system"}
Request = TypeVar("Request", bound=RunRequest)


class Rows(Protocol):
    """Statements by name, within a transaction or without."""

    async def row(self, name: str, **values: Any) -> Row | None: ...


def built_in(name: str) -> dict[str, Any]:
    """The assistant of a graph itself."""
    return {
        "assistant_id": assistant_id(name),
        "graph_id": name,
        "name": name,
        "description": None,
        "config": {},
        "context": {},
        "metadata": SYSTEM,
        "version": 1,
        "created_at": BORN,
        "updated_at": BORN,
    }


async def assistant_of(rows: Rows, graphs: GraphSet, asked: str) -> Mapping[str, Any]:
    """The assistant that an id, or the name of a graph, stands for; refused when there is none."""
    for name in graphs.graphs:
        if asked in (name, assistant_id(name)):
            return built_in(name)
    kept = await rows.row("assistant", assistant_id=asked) if "\x00" not in asked else None
    if kept is None or kept["graph_id"] not in graphs.graphs:
        graphs.name(asked)  # says what there is
    return kept or {}


def given_by(assistant: Mapping[str, Any], request: Request) -> Request:
    """The run with what its assistant says; what the caller says comes first, and a resume goes on as it began."""
    said = request.config.model_dump(exclude_none=True) if request.config else {}
    before: Mapping[str, Any] = assistant["config"]
    merged = {**before, **said}
    for name in ("configurable", "metadata"):
        if name in before and name in said:
            merged[name] = {**before[name], **said[name]}
    context = request.context
    if assistant["context"] and request.answers is None:
        context = {**assistant["context"], **(context or {})}
    config = RunConfig.model_validate(merged) if merged else request.config
    return request.model_copy(update={"config": config, "context": context})
