"""Keeps a thread from growing with every step that it ever took."""

from typing import Final, cast

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from graph.checkpoints import CheckpointPool, PostgresSaver
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
MOST_CHECKPOINTS: Final = 100
"""About ten questions; of a longer thread only its newest state is kept, the answers anyway."""


async def prune_when_long(
    saver: PostgresSaver, thread_id: str, *, most: int = MOST_CHECKPOINTS
) -> bool:
    """Drop all but the newest checkpoint of a long thread; what fails is done after the next run."""
    try:
        if await _checkpoints(saver, thread_id) <= most:
            return False
        await saver.aprune([thread_id])
    except (psycopg.Error, PoolTimeout, NotImplementedError) as error:
        log.warning("thread not pruned", thread_id=thread_id, error=str(error)[:200])
        return False
    log.info("thread pruned", thread_id=thread_id)
    return True


async def _checkpoints(saver: PostgresSaver, thread_id: str) -> int:
    pool = cast("CheckpointPool", saver.conn)
    async with pool.connection() as connection:
        statement = named_queries("checkpoints")["count_checkpoints"]
        found = await connection.execute(statement.encode(), {"thread": thread_id})
        row = await found.fetchone()
    return int(row["n"]) if row else 0
