"""One id from a caller's request to the last line that it causes."""

import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
TRACE_HEADERS: Final = ("traceparent", "tracestate", "baggage")
_trace_id: ContextVar[str] = ContextVar("trace_id", default="")
_session_id: ContextVar[str] = ContextVar("session_id", default="")
_path: ContextVar[str] = ContextVar("path", default="")
_cache_control: ContextVar[str] = ContextVar("cache_control", default="")


def current_trace_id() -> str:
    """Id of the request that is being answered; empty outside of one."""
    return _trace_id.get()


def current_session_id() -> str:
    """What the caller named its session; empty when it did not."""
    return _session_id.get()


def current_path() -> str:
    """Path of the request that is being answered."""
    return _path.get()


def current_cache_control() -> str:
    """What the caller's request said of caches."""
    return _cache_control.get()


@contextmanager
def new_trace() -> Generator[None]:
    """Give what begins by itself, and not by a request, an id of its own."""
    token = _trace_id.set(uuid.uuid4().hex)
    try:
        yield
    finally:
        _trace_id.reset(token)


def read_trace_id(headers: Headers) -> str:
    """Take the caller's id: X-Trace-ID, else the trace of traceparent, else a new one."""
    said = headers.get("x-trace-id", "")
    if SAFE_ID.fullmatch(said):
        return said
    parent = TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return parent[1] if parent else uuid.uuid4().hex


def said_of_caches(headers: Headers) -> str:
    """Take what the caller says; clients of streams say `no-store` of each, and mean the stream itself."""
    said = headers.get("cache-control", "").strip()
    streams = "text/event-stream" in headers.get("accept", "").lower()
    return "" if streams and said.lower() == "no-store" else said


@dataclass(frozen=True)
class Correlation:
    """Reads the ids in, gives them back, and binds them to logs and spans."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trace_id, session = read_trace_id(headers), headers.get("x-session-id", "")
        _trace_id.set(trace_id)
        _path.set(scope["path"])
        _cache_control.set(said_of_caches(headers))
        _session_id.set(session if SAFE_ID.fullmatch(session) else "")

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Trace-ID"] = trace_id
                if current_session_id():
                    answer["X-Session-ID"] = current_session_id()
            await send(message)

        tracer = trace.get_tracer("scriptorium.server")
        name = f"{scope['method']} {scope['path']}"
        parent = {one: headers[one] for one in TRACE_HEADERS if one in headers}
        with (
            structlog.contextvars.bound_contextvars(trace_id=trace_id),
            tracer.start_as_current_span(name, context=extract(parent)) as span,
        ):
            span.set_attribute("scriptorium.trace_id", trace_id)
            await self.app(scope, receive, send_with_ids)
