"""Figures for Prometheus. `/metrics`."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, get_args

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from graph.server.border import BorderRoute
from graph.server.clock import utc_now
from graph.server.costs import budgets_now
from graph.server.database import Row
from graph.server.queue import STALLED_SECONDS
from graph.server.request_counts import RequestMetrics
from graph.server.server_parts import Parts, ServerParts
from kb_contract.chat_models.breaker import BreakerState

STATES: Final = get_args(BreakerState)
KNOWLEDGE_FIGURES: Final = (
    "generation", "documents", "quarantined", "chunks", "live_seconds", "paused", "incidents",
    "last_run_failed", "last_run_seconds",
)  # fmt: skip
CACHE_FIGURES_OF = timedelta(days=90)
router = APIRouter(tags=["health"], route_class=BorderRoute)


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}}, response_class=Response)
async def metrics(parts: Parts, request: Request) -> Response:
    """Requests by route, runs, approvals, workers, caches, models, budgets and what agents serve, in Prometheus' text."""
    kept: RequestMetrics = request.app.state.metrics
    await _look(parts, kept)
    text = generate_latest(kept.registry) + await _knowledge(parts)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _look(parts: ServerParts, kept: RequestMetrics) -> None:
    """What is in the database is counted there, at this moment."""
    runs = await parts.database.row("queue_length") or {}
    for state in ("pending", "running"):
        kept.runs.labels(state).set(runs.get(state) or 0)
    waiting = await parts.database.row("approvals_waiting") or {}
    kept.approvals.set(waiting.get("waiting") or 0)
    for row in await parts.database.rows("cache_figures", since=utc_now() - CACHE_FIGURES_OF):
        for figure in ("hits", "misses", "entries", "bytes", "saved_cost", "saved_seconds"):
            kept.caches.labels(row["cache"], figure).set(row[figure])
    await _look_at_models(parts, kept)
    alive = await parts.database.row("workers", seconds=STALLED_SECONDS) or {}
    kept.workers.set(alive.get("alive") or 0)


async def _knowledge(parts: ServerParts) -> bytes:
    """What the writer made; apart from the rest, for not every caller may see every agent."""
    rows = await parts.database.rows("knowledge_figures")
    # Of thousands of agents it takes a moment, which streams of answers do not wait for.
    return await asyncio.to_thread(_figures_of, rows)


def _figures_of(rows: Sequence[Row]) -> bytes:
    registry = CollectorRegistry()
    gauge = Gauge(
        "scriptorium_knowledge", "What each agent serves, and how its last run of the writer went",
        ["agent", "figure"], registry=registry,
    )  # fmt: skip
    for row in rows:
        for figure in KNOWLEDGE_FIGURES:
            if row[figure] is not None:
                gauge.labels(row["agent_id"], figure).set(row[figure])
    return generate_latest(registry)


async def _look_at_models(parts: ServerParts, kept: RequestMetrics) -> None:
    """How each process finds the chat models, what they did, and how full the budgets are."""
    for gauge in (kept.models, kept.model_requests, kept.model_seconds, kept.budgets):
        gauge.clear()  # processes and models that are gone have no line
    for row in await parts.database.rows("model_states"):
        for state in STATES:
            kept.models.labels(row["model"], row["process"], state).set(row["state"] == state)
    for row in await parts.database.rows("model_numbers"):
        kept.model_requests.labels(row["model"], row["outcome"]).set(row["requests"])
        for quantile in ("0.5", "0.95"):
            seconds = row[f"seconds_p{float(quantile) * 100:.0f}"]
            kept.model_seconds.labels(row["model"], row["outcome"], quantile).set(seconds)
    used: dict[str, float] = {}
    for one in await budgets_now(parts, utc_now()):
        used[one["budget"]] = max(one["used"], used.get(one["budget"], 0.0))
    for name, share in used.items():
        kept.budgets.labels(name).set(share)
