"""Checkpoints in Postgres: strict about what it loads, clean in what it keeps."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from graph.postgres_session import session_options, still_there
from kb_contract.named_queries import named_queries
from kb_contract.text_border import clean

SCHEMA: Final = "langgraph"
# Channels of a checkpoint's pending writes, as LangGraph keeps them.
RETURN, RESUME = "__return__", "__resume__"
# Beside the types that LangGraph itself calls safe, only what callers may send as an object.
LOADABLE: Final = (("graph.state", "Question"),)
_SETUP_LOCK: Final = 7_305_112_004
_SETUP_SECONDS: Final = 60.0

CheckpointPool = AsyncConnectionPool[AsyncConnection[DictRow]]


def strict_serializer() -> JsonPlusSerializer:
    """Make the serializer of all savers: msgpack, no pickle, and no type that we do not name."""
    return JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=LOADABLE)


class PostgresSaver(AsyncPostgresSaver):
    """LangGraph's saver, with what its servers need beside it: runs deleted, threads copied."""

    def __init__(self, pool: CheckpointPool) -> None:
        super().__init__(pool, serde=strict_serializer())

    async def setup(self) -> None:
        """Make the tables; processes that start together take turns."""
        async with _turn(cast("CheckpointPool", self.conn)):
            await super().setup()

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Texts at the top of a checkpoint, and its metadata, go to JSONB, which is choosy."""
        values = {
            name: clean(one) if isinstance(one, str) else one
            for name, one in checkpoint["channel_values"].items()
        }
        cleaned: Checkpoint = {**checkpoint, "channel_values": values}
        spoken: RunnableConfig = {**config, "metadata": clean(config.get("metadata", {}))}
        return await super().aput(spoken, cleaned, clean(metadata), new_versions)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Undo runs: their checkpoints go, and what was written onto these."""
        ids = [str(one) for one in run_ids]
        await self._run(("delete_writes_of_runs", "delete_checkpoints_of_runs"), {"runs": ids})

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a conversation with all its checkpoints, in all its namespaces."""
        names = {"source": source_thread_id, "target": target_thread_id}
        await self._run(("copy_blobs", "copy_writes", "copy_checkpoints"), names)

    async def aforget_results(self, config: RunnableConfig, which: Callable[[Any], bool]) -> None:
        """Drop results of unfinished steps, and answers that the newest checkpoint has not used up."""
        found = await self.aget_tuple(config)
        if found is None:
            return
        writes = found.pending_writes or []
        tasks = [task for task, channel, value in writes if channel == RETURN and which(value)]
        place = found.config.get("configurable", {})
        await self._run(("forget_results",), {
            "thread": place.get("thread_id"), "namespace": place.get("checkpoint_ns") or "",
            "checkpoint": place.get("checkpoint_id"), "tasks": tasks, "answers": RESUME,
            "results": RETURN,
        })  # fmt: skip

    async def _run(self, queries: Sequence[str], parameters: dict[str, Any]) -> None:
        statements = named_queries("checkpoints")
        pool = cast("CheckpointPool", self.conn)
        async with pool.connection() as connection, connection.transaction():
            for name in queries:
                await connection.execute(statements[name].encode(), parameters)


def checkpoint_pool(database_url: str, *, largest: int = 8) -> CheckpointPool:
    """Make a pool, not yet open; a connection that died is not handed out."""
    return CheckpointPool(
        database_url,
        min_size=1,
        max_size=largest,
        open=False,
        check=still_there,
        connection_class=AsyncConnection[DictRow],
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "options": session_options(SCHEMA),
        },
    )


@contextlib.asynccontextmanager
async def open_saver(database_url: str, *, largest: int = 8) -> AsyncGenerator[PostgresSaver]:
    """Open a saver with its tables ready; it is closed at the end."""
    async with checkpoint_pool(database_url, largest=largest) as pool:
        saver = PostgresSaver(pool)
        await saver.setup()
        yield saver


@contextlib.asynccontextmanager
async def _turn(pool: CheckpointPool) -> AsyncGenerator[None]:
    """Hold the setup's lock."""
    async with asyncio.timeout(_SETUP_SECONDS), pool.connection() as connection:
        # Tried again and again, since `create index concurrently` in the process that has the
        # lock would wait for a statement of ours that waits for the lock.
        while not await _locked(connection):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(0.05)
        try:
            yield
        finally:
            await connection.execute("select pg_advisory_unlock(%s)", (_SETUP_LOCK,))


async def _locked(connection: AsyncConnection[DictRow]) -> bool:
    tried = await connection.execute("select pg_try_advisory_lock(%s) as got", (_SETUP_LOCK,))
    row = await tried.fetchone()
    return bool(row and row["got"])
