"""Counts requests, and holds the gauges that are read with them."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS: Final = (0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120)


@dataclass
class Seen:
    """What became of a request, as far as it is known."""

    route: str = "none"
    status: int = 499
    """A client that left before there was an answer."""


@dataclass
class RequestMetrics:
    """Counts requests by route (never by path: ids would be without end)."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        more: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter(
            "scriptorium_http_requests", "Requests answered", ["method", "route", "status"], **more
        )
        self.seconds = Histogram(
            "scriptorium_http_seconds",
            "Until the end of the answer",
            ["route"],
            buckets=BUCKETS,
            **more,
        )
        self.open = Gauge("scriptorium_http_open", "Requests being answered", **more)
        self.runs = Gauge("scriptorium_runs", "Runs by state", ["state"], **more)
        self.approvals = Gauge("scriptorium_approvals_pending", "Wait for a person", **more)
        self.caches = Gauge(
            "scriptorium_cache", "Each cache of the last 90 days", ["cache", "figure"], **more
        )
        self.models = Gauge(
            "scriptorium_model_state",
            "1 for the state of the breaker of each chat model in each process",
            ["model", "process", "state"],
            **more,
        )
        self.model_requests = Gauge(
            "scriptorium_model_requests", "Of the last hour", ["model", "outcome"], **more
        )
        self.model_seconds = Gauge(
            "scriptorium_model_seconds",
            "Of the last hour",
            ["model", "outcome", "quantile"],
            **more,
        )
        self.budgets = Gauge(
            "scriptorium_budget_used",
            "Share of its cap, of the fullest balance",
            ["budget"],
            **more,
        )
        self.workers = Gauge("scriptorium_workers_alive", "Workers with a heartbeat", **more)

    @contextmanager
    def watching(self, method: str) -> Generator[Seen]:
        """Count what happens in the block."""
        seen, began = Seen(), time.monotonic()
        self.open.inc()
        try:
            yield seen
        finally:
            self.open.dec()
            self.requests.labels(method, seen.route, str(seen.status)).inc()
            self.seconds.labels(seen.route).observe(time.monotonic() - began)
