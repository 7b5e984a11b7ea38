"""One row per call of a provider, with whatever is known of who made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langgraph.config import get_config

from graph.gateways.postgres import LazyPool
from graph.ports import WORKING_STEP
from graph.state import Usage

_KEEP = """
insert into ops.usage (thread_id, run_id, step_id, agent_id, model, prompt_tokens,
                       completion_tokens, cost, source)
values (%(thread_id)s, %(run_id)s, %(step_id)s, %(agent_id)s, %(model)s, %(prompt_tokens)s,
        %(completion_tokens)s, %(cost)s, %(source)s)
"""


@dataclass(frozen=True)
class PostgresUsageLog:
    """Keeps what calls cost."""

    pool: LazyPool

    async def keep(self, usage: Usage) -> None:
        step, agent = WORKING_STEP.get() or (None, None)
        values = {**usage, **_run(), "step_id": step, "agent_id": agent}
        async with self.pool.connection() as connection:
            await connection.execute(_KEEP.encode(), values)


def _run() -> dict[str, str | None]:
    """Return thread and run, when a graph is running."""
    try:
        config = cast("Mapping[str, Any]", get_config())
    except (RuntimeError, KeyError):
        return {"thread_id": None, "run_id": None}
    known = {**config.get("metadata", {}), **config.get("configurable", {})}
    return {name: _text(known.get(name)) for name in ("thread_id", "run_id")}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
