"""A worker that slept too long may not write: another may have its run by now."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

from graph.checkpoints import CheckpointPool, PostgresSaver
from graph.server.database import Database
from graph.server.event_sink import Superseded

# Less than the time after which another worker takes a run over.
FRESH_SECONDS: Final = 2.0


@dataclass
class Fence:
    """Knows when each run was last seen to be ours; looks again when that is too long ago."""

    database: Database
    _seen: dict[tuple[str, int], float] = field(
        default_factory=dict[tuple[str, int], float], init=False
    )

    def seen(self, run_id: str, attempt: int, *, at: float) -> None:
        self._seen[run_id, attempt] = at

    def forget(self, run_id: str, attempt: int) -> None:
        self._seen.pop((run_id, attempt), None)

    async def check(self, run_id: str, attempt: int) -> None:
        """Raise `Superseded` unless the run is still this attempt's."""
        if time.monotonic() - self._seen.get((run_id, attempt), float("-inf")) < FRESH_SECONDS:
            return
        asked = time.monotonic()
        rows = await self.database.rows("watch_runs", run_ids=[run_id])
        if not any(row["attempt"] == attempt and row["status"] == "running" for row in rows):
            raise Superseded(run_id)
        self.seen(run_id, attempt, at=asked)


class FencedSaver(PostgresSaver):
    """Keeps checkpoints of runs that are this worker's, and of no others."""

    def __init__(self, pool: CheckpointPool, fence: Fence) -> None:
        super().__init__(pool)
        self._fence = fence

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        await self._check(config)
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        await self._check(config)
        await super().aput_writes(config, writes, task_id, task_path)

    async def _check(self, config: RunnableConfig) -> None:
        place: dict[str, Any] = config.get("configurable", {})
        await self._fence.check(place["run_id"], place["attempt"])
