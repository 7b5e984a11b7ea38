"""Keeps a thread from growing with every step that it ever took."""

from typing import Final, cast

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from graph.checkpoints import CheckpointPool, PostgresSaver
from graph.server.database import Database
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
MOST_CHECKPOINTS: Final = 100
"""About ten questions; of a longer thread only its newest state is kept, the answers anyway."""


async def prune_when_long(
    database: Database, saver: PostgresSaver, thread_id: str, *, most: int = MOST_CHECKPOINTS
) -> bool:
    """Drop all but the newest checkpoint of a long thread; what fails is done after the next run."""
    try:
        if await _checkpoints(saver, thread_id) <= most:
            return False
        if not await prune_at_rest(database, saver, thread_id):
            return False
    except (psycopg.Error, PoolTimeout, NotImplementedError) as error:
        log.warning("thread not pruned", thread_id=thread_id, error=str(error)[:200])
        return False
    log.info("thread pruned", thread_id=thread_id)
    return True


async def prune_at_rest(database: Database, saver: PostgresSaver, thread_id: str) -> bool:
    """Prune unless a run works or waits: it may go on from an older checkpoint, and needs what that holds.

    While the thread is locked, no run of it is begun.
    """
    async with database.transaction() as statements:
        locked = await statements.row("lock_thread", thread_id=thread_id)
        if locked is None or await statements.rows("active_runs", thread_id=thread_id):
            return False
        await saver.aprune([thread_id])
    return True


async def _checkpoints(saver: PostgresSaver, thread_id: str) -> int:
    pool = cast("CheckpointPool", saver.conn)
    async with pool.connection() as connection:
        statement = named_queries("checkpoints")["count_checkpoints"]
        found = await connection.execute(statement.encode(), {"thread": thread_id})
        row = await found.fetchone()
    return int(row["n"]) if row else 0
