"""Dagster's own storage in memory, whose connections are kept: it opens one for each event else."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.instance import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool


def _keeping(engine: Engine) -> Engine:
    """Another engine on the same database, which lives as long as Dagster holds its first connection."""
    return create_engine(engine.url, poolclass=QueuePool, connect_args={"check_same_thread": False})


class _Events(InMemoryEventLogStorage):
    def __init__(self) -> None:
        super().__init__()
        self._kept = _keeping(self._engine)
        self._tables = {*inspect(self._held_conn).get_table_names()}

    def has_table(self, table_name: str) -> bool:
        return table_name in self._tables

    @contextmanager
    def _connect(self) -> Generator[Connection]:
        with self._db_lock, self._kept.begin() as connection:
            yield connection

    def dispose(self) -> None:
        self._kept.dispose()
        super().dispose()


class _Runs(InMemoryRunStorage):
    def __init__(self) -> None:
        super().__init__()
        self._kept = _keeping(self._engine)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._kept.begin() as connection:
            yield connection

    def dispose(self) -> None:
        self._kept.dispose()
        super().dispose()


def instance_in_memory() -> dg.DagsterInstance:
    """As `DagsterInstance.ephemeral()`."""
    return dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),
        run_storage=_Runs(),
        event_storage=_Events(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=DefaultRunCoordinator(),
        run_launcher=SyncInMemoryRunLauncher(),
    )
