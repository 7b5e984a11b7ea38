"""Assistants: one for each graph, built in. `/assistants…`."""

from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.graph_set import Graph, assistant_id
from graph.server.run_request import Metadata, PathId
from graph.server.server_parts import Parts

router = APIRouter(prefix="/assistants", tags=["assistants"], route_class=BorderRoute)
BORN = "2026-01-01T00:00:00+00:00"
SYSTEM = {"created_by": "system"}


class AssistantSearch(BaseModel):
    """What to look for; `config` and custom assistants are not kept here."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"graph_id": "scriptorium", "limit": 10}}
    )

    graph_id: str | None = None
    name: str | None = None
    metadata: Metadata | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    select: list[str] | None = None


def assistant_body(name: str) -> dict[str, Any]:
    """The assistant of a graph."""
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


def _found(parts: Parts, search: AssistantSearch) -> list[dict[str, Any]]:
    wanted = (search.metadata or {}).items()
    return [
        assistant_body(name)
        for name in parts.graphs.graphs
        if search.graph_id in (None, name)
        and (search.name or "").lower() in name.lower()
        and wanted <= SYSTEM.items()
    ]


@router.post("/search")
async def search_assistants(parts: Parts, search: AssistantSearch | None = None) -> JsonResponse:
    """Every graph is an assistant."""
    search = search or AssistantSearch()
    found = _found(parts, search)[search.offset : search.offset + search.limit]
    keep = search.select
    return JsonResponse([{k: v for k, v in one.items() if not keep or k in keep} for one in found])


@router.post("/count")
async def count_assistants(parts: Parts, search: AssistantSearch | None = None) -> int:
    """How many there are."""
    return len(_found(parts, search or AssistantSearch()))


@router.get("/{assistant}")
async def get_assistant(parts: Parts, assistant: PathId) -> JsonResponse:
    """One assistant, by its id or by the name of its graph."""
    return JsonResponse(assistant_body(parts.graphs.name(assistant)))


@router.get("/{assistant}/schemas")
async def get_schemas(parts: Parts, assistant: PathId) -> JsonResponse:
    """JSON schemas of what goes in and out."""
    name = parts.graphs.name(assistant)
    return JsonResponse({"graph_id": name, **_schemas(parts.graphs.get(name))})


def _schemas(graph: Graph) -> dict[str, Any]:
    return {
        "input_schema": graph.get_input_jsonschema(),
        "output_schema": graph.get_output_jsonschema(),
        "state_schema": graph.get_output_jsonschema(),
        "config_schema": graph.get_context_jsonschema(),
        "context_schema": graph.get_context_jsonschema(),
    }


@router.get("/{assistant}/graph")
async def get_picture(
    parts: Parts, assistant: PathId, xray: Annotated[str, Query(max_length=10)] = "false"
) -> JsonResponse:
    """Nodes and edges; with `xray` (true, or a depth) also those inside of agents."""
    words = {"true": True, "false": False, "1": True, "0": False, "": False}
    depth = words.get(xray.lower(), int(xray) if xray.isdecimal() else None)
    if depth is None:
        raise ApiError(422, f"xray is {xray!r}", hint="use true, false, or a depth")
    drawn = await parts.graphs.get(assistant).aget_graph(xray=depth)
    return JsonResponse(drawn.to_json())


@router.get("/{assistant}/subgraphs")
@router.get("/{assistant}/subgraphs/{namespace}")
async def get_subgraphs(
    parts: Parts, assistant: PathId, namespace: str | None = None, *, recurse: bool = False
) -> JsonResponse:
    """Schemas of graphs inside of nodes."""
    graph = parts.graphs.get(assistant)
    found: dict[str, Any] = {}
    subgraphs = cast("Any", graph.aget_subgraphs(namespace=namespace, recurse=recurse))
    async for name, inner in subgraphs:
        found[name] = {"graph_id": assistant, **_schemas(inner)}
    return JsonResponse(found)


@router.post("/{assistant}/versions")
async def get_versions(
    parts: Parts, assistant: PathId, search: AssistantSearch | None = None
) -> JsonResponse:
    """Built-in assistants have one version."""
    skipped = search is not None and search.offset > 0
    return JsonResponse([] if skipped else [assistant_body(parts.graphs.name(assistant))])
