"""Every route that is answered. Anything else gets 501 with its name."""

import json
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kb.embedded.qdrant_owner import collection_routes, point_routes, updates
from kb.embedded.qdrant_owner.point_routes import updating
from kb.embedded.qdrant_owner.refusals import Refused, unsupported
from kb.embedded.qdrant_owner.registry import Registry
from kb.embedded.qdrant_owner.requests import Door

log = logging.getLogger(__name__)

# The release of Qdrant whose REST API the routes follow; clients compare it with their own.
API_VERSION = "1.20.0"
Kind = Literal["read", "write"]
Answer = Callable[[Registry, str, bytes], Any]

POINTS = "/collections/{name}/points"
ROUTES: tuple[tuple[str, str, Kind, Answer], ...] = (
    ("GET", "/collections", "read", collection_routes.list_collections),
    ("GET", "/aliases", "read", collection_routes.list_aliases),
    ("POST", "/collections/aliases", "write", collection_routes.change_aliases),
    ("GET", "/collections/{name}/aliases", "read", collection_routes.aliases_of_collection),
    ("GET", "/collections/{name}/exists", "read", collection_routes.collection_exists),
    ("GET", "/collections/{name}", "read", collection_routes.collection_info),
    ("PUT", "/collections/{name}", "write", collection_routes.create_collection),
    ("PATCH", "/collections/{name}", "write", collection_routes.update_collection),
    ("DELETE", "/collections/{name}", "write", collection_routes.delete_collection),
    ("PUT", "/collections/{name}/index", "write", collection_routes.create_index),
    ("PUT", POINTS, "write", updating(updates.Upsert)),
    ("POST", POINTS, "read", point_routes.retrieve),
    ("POST", f"{POINTS}/delete", "write", updating(updates.Delete)),
    ("POST", f"{POINTS}/payload", "write", updating(updates.SetPayload)),
    ("PUT", f"{POINTS}/payload", "write", updating(updates.OverwritePayload)),
    ("POST", f"{POINTS}/payload/delete", "write", updating(updates.DeletePayload)),
    ("POST", f"{POINTS}/batch", "write", point_routes.update_batch),
    ("POST", f"{POINTS}/scroll", "read", point_routes.scroll),
    ("POST", f"{POINTS}/count", "read", point_routes.count),
    ("POST", f"{POINTS}/query", "read", point_routes.query),
    ("POST", f"{POINTS}/query/batch", "read", point_routes.query_batch),
    ("POST", "/collections/{name}/facet", "read", point_routes.facet),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Endpoints:
    """Runs routes in threads: writers that wait for each other leave room for readers."""

    def __init__(self, registry: Registry, door: Door) -> None:
        self._registry = registry
        self._door = door
        self._room = {"read": CapacityLimiter(32), "write": CapacityLimiter(16)}

    def endpoint(self, kind: Kind, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            started = time.perf_counter()
            try:
                body = await self._door.body(request)
                name = request.path_params.get("name", "")
                content = await to_thread.run_sync(
                    self._answer, answer, name, body, started, limiter=self._room[kind]
                )
            except Refused as refused:
                return _refusal(refused.status, refused.reason)
            except Exception:
                log.exception("%s %s", request.method, request.url.path)
                return _refusal(
                    HTTPStatus.INTERNAL_SERVER_ERROR, "Service internal error, see the owner's log"
                )
            return Response(content, media_type="application/json")

        return respond

    async def refuse(self, request: Request) -> Response:
        """Answer whatever no route answers."""
        try:
            await self._door.body(request)
            raise unsupported(f"{request.method} {request.url.path}")
        except Refused as refused:
            return _refusal(refused.status, refused.reason)

    def _answer(self, answer: Answer, name: str, body: bytes, started: float) -> bytes:
        """Also writes the JSON: that of a thousand vectors would hold up everybody else."""
        result = answer(self._registry, name, body)
        told = {"result": result, "status": "ok", "time": time.perf_counter() - started}
        return json.dumps(told, allow_nan=False, separators=(",", ":")).encode()


def build(registry: Registry, door: Door) -> Starlette:
    """Build the application. The probes and the version need no key, as with Qdrant."""
    endpoints = Endpoints(registry, door)
    probes = {
        "/readyz": "all shards are ready",
        "/healthz": "healthz check passed",
        "/livez": "healthz check passed",
    }
    return Starlette(
        routes=[
            Route("/", _version, methods=["GET"]),
            *(Route(path, _probe(text), methods=["GET"]) for path, text in probes.items()),
            *(
                Route(path, endpoints.endpoint(kind, answer), methods=[method])
                for method, path, kind, answer in ROUTES
            ),
            Route("/{anything:path}", endpoints.refuse, methods=METHODS),
        ]
    )


async def _version(_request: Request) -> Response:
    title = "the embedded Qdrant of Scriptorium, over qdrant-edge"
    return JSONResponse({"title": title, "version": API_VERSION})


def _probe(text: str) -> Callable[[Request], Awaitable[Response]]:
    async def probe(_request: Request) -> Response:
        return PlainTextResponse(text)

    return probe


def _refusal(status: HTTPStatus, reason: str) -> Response:
    return JSONResponse({"status": {"error": reason}, "time": 0.0}, status_code=status)
