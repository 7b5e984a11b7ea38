"""Assistants: one for each graph, and those that callers made. `/assistants…`."""

from collections.abc import Callable
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from psycopg.types.json import Jsonb
from pydantic import PydanticUserError

from graph.server.assistant_book import SYSTEM, assistant_of, built_in
from graph.server.assistant_request import AssistantSearch
from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.graph_set import Graph
from graph.server.replies.assistants import (
    Assistant,
    AssistantVersion,
    GraphPicture,
    GraphSchemas,
    SelectedAssistant,
)
from graph.server.run_request import PathId
from graph.server.server_parts import Parts, ServerParts
from graph.server.snapshots import only

router = APIRouter(prefix="/assistants", tags=["assistants"], route_class=BorderRoute)


async def _named(parts: ServerParts, assistant: str) -> str:
    """Name of an assistant's graph."""
    return (await assistant_of(parts.database, parts.graphs, assistant))["graph_id"]


def _of_graphs(parts: ServerParts, search: AssistantSearch) -> list[dict[str, Any]]:
    wanted = (search.metadata or {}).items()
    return [
        built_in(name)
        for name in parts.graphs.graphs
        if search.graph_id in (None, name)
        and (search.name or "").lower() in name.lower()
        and wanted <= SYSTEM.items()
    ]


def _filters(search: AssistantSearch) -> dict[str, Any]:
    return {
        "metadata": Jsonb(search.metadata or {}),
        "graph_id": search.graph_id,
        "named": search.name or "",
    }


@router.post("/search", response_model=list[SelectedAssistant])
async def search_assistants(parts: Parts, search: AssistantSearch | None = None) -> JsonResponse:
    """Every graph is an assistant; after these come those that callers made, the newest first."""
    search = search or AssistantSearch()
    whole = _of_graphs(parts, search)
    found = whole[search.offset : search.offset + search.limit]
    if len(found) < search.limit:
        found += await parts.database.rows(
            "search_assistants", **_filters(search), sort_by=search.sort_by,
            descending=search.sort_order != "asc", limit=search.limit - len(found),
            offset=max(0, search.offset - len(whole)),
        )  # fmt: skip
    more = {"X-Pagination-Next": str(search.offset + search.limit)}
    return JsonResponse(
        [only(one, search.select) for one in found],
        headers=more if len(found) == search.limit else None,
    )


@router.post("/count")
async def count_assistants(parts: Parts, search: AssistantSearch | None = None) -> int:
    """How many there are."""
    search = search or AssistantSearch()
    row = await parts.database.row("count_assistants", **_filters(search))
    return len(_of_graphs(parts, search)) + (row["found"] if row else 0)


@router.get("/{assistant}", response_model=Assistant)
async def get_assistant(parts: Parts, assistant: PathId) -> JsonResponse:
    """One assistant, by its id or by the name of its graph."""
    return JsonResponse(await assistant_of(parts.database, parts.graphs, assistant))


@router.get("/{assistant}/schemas", response_model=GraphSchemas)
async def get_schemas(parts: Parts, assistant: PathId) -> JsonResponse:
    """JSON schemas of what goes in and out."""
    name = await _named(parts, assistant)
    return JsonResponse({"graph_id": name, **_schemas(parts.graphs.get(name))})


def _schemas(graph: Graph) -> dict[str, Any]:
    given, told = _read(graph.get_input_jsonschema), _read(graph.get_output_jsonschema)
    context = _read(graph.get_context_jsonschema)
    return {
        "input_schema": given,
        "output_schema": told,
        "state_schema": told,
        "config_schema": context,
        "context_schema": context,
    }


def _read(schema: Callable[[], Any]) -> Any:
    """The schema; of a state that none can be made of, that anything goes."""
    try:
        return schema()
    except PydanticUserError:
        return {}


@router.get("/{assistant}/graph", response_model=GraphPicture)
async def get_picture(
    parts: Parts, assistant: PathId, xray: Annotated[str, Query(max_length=10)] = "false"
) -> JsonResponse:
    """Nodes and edges; with `xray` (true, or a depth) also those inside of agents."""
    words = {"true": True, "false": False, "1": True, "0": False, "": False}
    depth = words.get(xray.lower(), int(xray) if xray.isdecimal() else None)
    if depth is None:
        raise ApiError(422, f"xray is {xray!r}", hint="use true, false, or a depth")
    drawn = await parts.graphs.get(await _named(parts, assistant)).aget_graph(xray=depth)
    return JsonResponse(drawn.to_json())


@router.get("/{assistant}/subgraphs", response_model=dict[str, GraphSchemas])
@router.get("/{assistant}/subgraphs/{namespace}", response_model=dict[str, GraphSchemas])
async def get_subgraphs(
    parts: Parts, assistant: PathId, namespace: str | None = None, *, recurse: bool = False
) -> JsonResponse:
    """Schemas of graphs inside of nodes."""
    name = await _named(parts, assistant)
    graph = parts.graphs.get(name)
    found: dict[str, Any] = {}
    subgraphs = cast("Any", graph.aget_subgraphs(namespace=namespace, recurse=recurse))
    async for place, inner in subgraphs:
        found[place] = {"graph_id": name, **_schemas(inner)}
    return JsonResponse(found)


@router.post("/{assistant}/versions", response_model=list[AssistantVersion])
async def get_versions(
    parts: Parts, assistant: PathId, search: AssistantSearch | None = None
) -> JsonResponse:
    """All of its versions, the newest first; the assistant of a graph has one."""
    search = search or AssistantSearch()
    latest = await assistant_of(parts.database, parts.graphs, assistant)
    if latest["metadata"] == SYSTEM:
        return JsonResponse([latest] if search.offset == 0 else [])
    rows = await parts.database.rows(
        "assistant_versions", assistant_id=assistant, metadata=Jsonb(search.metadata or {}),
        limit=search.limit, offset=search.offset,
    )  # fmt: skip
    return JsonResponse(rows)
