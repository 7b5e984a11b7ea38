"""Whether the server and what it stands on are well. `/ok /info /health…`."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import httpx
import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout

from graph.gateways.service_probes import QdrantProbe
from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ErrorBody
from graph.server.queue import STALLED_SECONDS
from graph.server.replies.health import Health, Info, Readiness
from graph.server.server_parts import Parts, ServerParts
from kb_contract.errors import Unavailable

router = APIRouter(tags=["health"], route_class=BorderRoute)


@router.get("/ok")
async def ok() -> dict[str, bool]:
    """The server answers."""
    return {"ok": True}


@router.get("/info", response_model=Info)
async def info() -> dict[str, Any]:
    """What this server can do, as Studio asks it."""
    return {
        "version": version("scriptorium"),
        "langgraph_py_version": version("langgraph"),
        "flags": {"assistants": True, "crons": True, "langsmith": False, "strict_resume": True},
    }


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get(
    "/health/ready", response_model=Readiness, responses={503: {"model": Readiness | ErrorBody}}
)
async def ready(parts: Parts) -> JsonResponse:
    """Requests can be taken; not any more by a process that ends."""
    if parts.streams.leaving.is_set():
        return JsonResponse({"status": "stopping"}, status_code=503)
    postgres = await _checked(lambda: _postgres(parts))
    fine = postgres["status"] == "ok"
    said = {"status": "ok" if fine else "unavailable", "postgres": postgres}
    return JsonResponse(said, status_code=200 if fine else 503)


@router.get("/health", response_model=Health, responses={503: {"model": Health | ErrorBody}})
async def health(parts: Parts) -> JsonResponse:
    """Everything that answers depend on, part by part."""
    found = {
        "postgres": await _checked(lambda: _postgres(parts)),
        "qdrant": await _checked(lambda: _qdrant(parts)),
        "workers": await _checked(lambda: _workers(parts)),
        "models": await _checked(lambda: _models(parts)),
        "knowledge": await _checked(lambda: _knowledge(parts)),
    }
    fine = all(one["status"] == "ok" for one in found.values())
    body = {"status": "ok" if fine else "degraded", "version": version("scriptorium"), **found}
    return JsonResponse(body, status_code=200 if found["postgres"]["status"] == "ok" else 503)


async def _checked(look: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    try:
        return {"status": "ok", **await look()}
    except (psycopg.Error, PoolTimeout, httpx.HTTPError, OSError, Unavailable) as error:
        return {"status": "unavailable", "error": f"{type(error).__name__}: {error}"[:200]}


async def _postgres(parts: ServerParts) -> dict[str, Any]:
    queue = await parts.database.row("queue_length")
    return {"runs": queue}


async def _workers(parts: ServerParts) -> dict[str, Any]:
    row = await parts.database.row("workers", seconds=STALLED_SECONDS)
    alive = row["alive"] if row else 0
    return {"alive": alive} if alive else {"alive": 0, "status": "none", "hint": "kb worker"}


async def _models(parts: ServerParts) -> dict[str, Any]:
    """How the chat models are, in each process that asked them, and what they did in the last hour."""
    states = await parts.database.rows("model_states")
    numbers = await parts.database.rows("model_numbers")
    return {"profile": parts.settings.llm_profile, "states": states, "last_hour": numbers}


async def _knowledge(parts: ServerParts) -> dict[str, Any]:
    if parts.agents is None:
        return {"agents": 0, "status": "none", "hint": "this server was started without agents"}
    found = (await parts.agents.current()).by_capability("knowledge")
    return {"agents": len(found)} if found else {"agents": 0, "status": "none", "hint": "kb ingest"}


async def _qdrant(parts: ServerParts) -> dict[str, Any]:
    settings = parts.settings
    await QdrantProbe(settings.qdrant_url, settings.qdrant_api_key)()
    return {"url": settings.qdrant_url}
