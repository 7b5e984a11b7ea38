"""Tells the address that a caller named how its run ended; at least once, with the run's id to tell repetitions."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog
from langchain_core.runnables import RunnableConfig

from graph.server.clock import Clock, utc_now
from graph.server.database import Database, Row
from graph.server.encoding import to_json
from graph.server.graph_set import GraphSet
from graph.server.notices.webhook import Webhooks
from graph.server.run_creation import run_body

log = structlog.get_logger(__name__)
MOST_AT_ONCE: Final = 20
TAKEN_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = (5, 30, 300, 1800, 7200)


@dataclass(frozen=True)
class RunWebhooks:
    """Looks for runs that ended and whose address was not told yet."""

    database: Database
    graphs: GraphSet
    webhooks: Webhooks
    now: Clock = utc_now

    async def call_due(self) -> int:
        """Call each once; return how many were called."""
        due: list[Row] = []
        while len(due) < MOST_AT_ONCE:
            found = await self.database.row("due_webhook", now=self.now(), again=TAKEN_SECONDS)
            if found is None:
                break
            due.append(found)
        await asyncio.gather(*(self._called(one) for one in due))
        return len(due)

    async def _called(self, due: Row) -> None:
        error: str | None = None
        try:
            body = to_json(await self._body(due["run_id"])).encode()
            await self.webhooks.post(due["url"], f"run_{due['run_id']}", body)
        except Exception as failure:  # noqa: BLE001 - servers of others fail in every way
            error = f"{type(failure).__name__}: {failure}"[:500]
        attempts: int = due["attempts"]
        last = attempts > len(AGAIN_SECONDS)
        status = "sent" if error is None else "failed" if last else "waiting"
        again = AGAIN_SECONDS[min(attempts, len(AGAIN_SECONDS)) - 1]
        await self.database.rows(
            "webhook_tried",
            run_id=due["run_id"], status=status, error=error, now=self.now(), again=again,
        )  # fmt: skip
        if error is not None:
            log.warning("webhook not called", run_id=due["run_id"], error=error, given_up=last)

    async def _body(self, run_id: str) -> dict[str, Any]:
        run = await self.database.row("run", run_id=run_id)
        assert run is not None  # noqa: S101 - its webhook goes with it
        thread = await self.database.row("thread", thread_id=run["thread_id"])
        place = RunnableConfig(configurable={"thread_id": run["thread_id"]})
        state = await self.graphs.of_thread((thread or {"metadata": {}})["metadata"]).aget_state(
            place
        )
        ended = {"run_started_at": run["created_at"], "run_ended_at": run["updated_at"]}
        said = {"error": run["error"], "values": state.values, "webhook_sent_at": self.now()}
        return {**run_body(run), **ended, **said}
