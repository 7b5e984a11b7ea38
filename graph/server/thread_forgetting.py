"""Forgets threads whose time is over: those of runs that said so, and those that were made for a while."""

from dataclasses import dataclass

import structlog

from graph.checkpoints import PostgresSaver
from graph.server.clock import Clock, utc_now
from graph.server.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ThreadForgetting:
    """Never forgets one that works or waits for a person."""

    database: Database
    saver: PostgresSaver
    now: Clock = utc_now

    async def forget_due(self) -> int:
        """Delete them with their states; return how many."""
        rows = await self.database.rows("threads_to_forget", now=self.now())
        for row in rows:
            await self.database.row("delete_thread", thread_id=row["thread_id"])
            await self.saver.adelete_thread(row["thread_id"])
        if rows:
            log.info("threads forgotten", threads=len(rows))
        return len(rows)
