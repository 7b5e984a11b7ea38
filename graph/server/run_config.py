"""A run's config as its graph gets it."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from langchain_core.runnables import RunnableConfig

from graph.server.database import Row
from graph.server.graph_set import Graph

RECURSION_LIMIT: Final = 60


def config_of(run: Row, graph: Graph) -> RunnableConfig:
    """What the run says, below what is so; what callers may not say was dropped before."""
    kwargs: Mapping[str, Any] = run["kwargs"]
    said: dict[str, Any] = kwargs.get("config") or {}
    about: dict[str, Any] = {
        **(said.get("metadata") or {}),
        **run["metadata"],
        "run_id": run["run_id"],
        "thread_id": run["thread_id"],
        "trace_id": run["trace_id"] or "",
        "attempt": run["attempt"],
    }
    place: dict[str, Any] = {**(said.get("configurable") or {}), **(kwargs.get("checkpoint") or {})}
    return RunnableConfig(
        configurable={
            **place,
            "thread_id": run["thread_id"],
            "run_id": run["run_id"],
            "attempt": run["attempt"],
            "trace_id": run["trace_id"] or "",
        },
        metadata=about,
        run_id=uuid.UUID(run["run_id"]),
        tags=list(said.get("tags") or []),
        recursion_limit=said.get("recursion_limit") or _usual_limit(graph),
    )


def _usual_limit(graph: Graph) -> int:
    return (graph.config or {}).get("recursion_limit") or RECURSION_LIMIT
