"""Dagster's own storage in memory, with kept connections, and events that its tables get when read."""

import sqlite3
import threading
import uuid
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache

import dagster as dg
from dagster._core.event_api import EventLogCursor, EventLogRecord, EventRecordsResult
from dagster._core.events import AssetKey, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.instance import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage, SqlEventLogStorage
from dagster._core.storage.event_log.base import AssetEntry, AssetRecord
from dagster._core.storage.event_log.schema import AssetKeyTable, SqlEventLogStorageMetadata
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage
from dagster._core.storage.sqlite import create_in_memory_conn_string
from dagster_shared.serdes import deserialize_value, serialize_value
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

# What has words and figures of ours in it; the rest is Dagster's own.
REPORTED = {
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.ASSET_OBSERVATION,
    DagsterEventType.STEP_OUTPUT,
    DagsterEventType.STEP_FAILURE,
}


@cache
def _new(storage: type[InMemoryEventLogStorage | InMemoryRunStorage]) -> sqlite3.Connection:
    """Keep what a new one has in it: to make those tables takes longer than most runs."""
    made, kept = storage(), sqlite3.connect(":memory:", check_same_thread=False)
    made._held_conn.connection.driver_connection.backup(kept)
    made.dispose()
    return kept


def _database(storage: type[InMemoryEventLogStorage | InMemoryRunStorage]) -> Engine:
    """Give a new one in memory, there as long as somebody is connected to it."""
    url = create_in_memory_conn_string(f"{storage.__name__}-{uuid.uuid4()}")
    return create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})


def _held(
    engine: Engine, storage: type[InMemoryEventLogStorage | InMemoryRunStorage]
) -> Connection:
    connection = engine.connect()
    _new(storage).backup(connection.connection.driver_connection)
    return connection


class _Events(InMemoryEventLogStorage):
    """Fills the tables when somebody reads what only they tell: a run asks for the latest alone."""

    def __init__(self) -> None:
        self._waiting: list[EventLogEntry] = []
        self._open: Connection | None = None
        self._latest: dict[tuple[AssetKey, str | None], EventLogRecord] = {}
        self._last_run: dict[AssetKey, str] = {}
        self._partitions: dict[str, set[str]] = defaultdict(set)
        self._turn = threading.RLock()
        self._handlers = defaultdict(set)
        self._storage_id = 0
        self._engine = _database(InMemoryEventLogStorage)
        self._held_conn = _held(self._engine, InMemoryEventLogStorage)

    def has_table(self, table_name: str) -> bool:
        return table_name in SqlEventLogStorageMetadata.tables

    def has_asset_key_col(self, column_name: str) -> bool:
        return column_name in AssetKeyTable.columns

    def store_event(self, event: EventLogEntry) -> None:
        """Keep it in its place; whoever reads a table finds it there."""
        kept = _as_written(event)
        with self._turn:
            self._waiting.append(kept)
            self._storage_id += 1
            number = self._storage_id
            self._remember(kept, number)
        for handler in [*self._handlers[event.run_id]]:
            handler(event, str(EventLogCursor.from_storage_id(number)))

    def _remember(self, event: EventLogEntry, number: int) -> None:
        said = event.dagster_event
        if not said or not said.asset_key:
            return
        if said.is_step_materialization:
            record = EventLogRecord(number, event)
            self._latest[said.asset_key, said.partition] = record
            self._latest[said.asset_key, None] = record
        if said.is_step_materialization or said.is_asset_materialization_planned:
            self._last_run[said.asset_key] = event.run_id

    @contextmanager
    def _connect(self) -> Generator[Connection]:
        with self._turn:
            if self._open is None:
                self._fill()
            with nullcontext(self._open) if self._open else self._engine.begin() as connection:
                yield connection

    @contextmanager
    def _as_it_is(self) -> Generator[None]:
        """Read and write tables in one go, without what waits."""
        with self._turn, self._engine.begin() as self._open:
            try:
                yield
            finally:
                self._open = None

    def _fill(self) -> None:
        if self._waiting:
            with self._as_it_is():
                for event in self._waiting:
                    SqlEventLogStorage.store_event(self, event)
            self._waiting = []

    def fetch_materializations(
        self, records_filter: AssetKey | dg.AssetRecordsFilter, limit: int,
        cursor: str | None = None, ascending: bool = False,
    ) -> EventRecordsResult:  # fmt: skip
        """The latest of one partition is known without the tables."""
        partition = None if cursor or ascending or limit != 1 else _only_partition(records_filter)
        record = partition and self._latest.get(partition)
        if not record:
            return super().fetch_materializations(records_filter, limit, cursor, ascending)
        at = EventLogCursor.from_storage_id(record.storage_id).to_string()
        return EventRecordsResult([record], cursor=at, has_more=True)

    def get_asset_records(
        self, asset_keys: Sequence[AssetKey] | None = None
    ) -> Sequence[AssetRecord]:
        """Those of which each was made."""
        if not asset_keys or not all((one, None) in self._latest for one in asset_keys):
            return super().get_asset_records(asset_keys)
        return [
            AssetRecord(
                storage_id=number,
                asset_entry=AssetEntry(
                    asset_key=one,
                    last_materialization_record=self._latest[one, None],
                    last_run_id=run,
                ),
            )
            for number, (one, run) in enumerate(self._last_run.items(), 1)
            if one in asset_keys
        ]

    def get_latest_tags_by_partition(
        self, asset_key: AssetKey, event_type: DagsterEventType, tag_keys: Sequence[str],
        asset_partitions: Sequence[str] | None = None, before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> Mapping[str, Mapping[str, str]]:  # fmt: skip
        """Those of partitions of which each was made."""
        made = {one: self._latest.get((asset_key, one)) for one in asset_partitions or ()}
        if (
            not made or before_cursor or after_cursor or not all(made.values())
            or not tag_keys or self.get_asset_tags_to_index({*tag_keys}) != {*tag_keys}
            or event_type is not DagsterEventType.ASSET_MATERIALIZATION
        ):  # fmt: skip
            return super().get_latest_tags_by_partition(
                asset_key, event_type, tag_keys, asset_partitions, before_cursor, after_cursor
            )
        tags = {one: record.asset_materialization.tags or {} for one, record in made.items()}
        return {
            one: {key: value for key, value in all_of_them.items() if key in tag_keys}
            for one, all_of_them in tags.items()
        }

    def add_dynamic_partitions(
        self, partitions_def_name: str, partition_keys: Sequence[str]
    ) -> None:
        known = self._partitions[partitions_def_name]
        if new := [one for one in partition_keys if one not in known]:
            with self._as_it_is():
                super().add_dynamic_partitions(partitions_def_name, new)
            known.update(new)

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        with self._as_it_is():
            super().delete_dynamic_partition(partitions_def_name, partition_key)
        self._partitions[partitions_def_name].discard(partition_key)

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        with self._as_it_is():
            return super().get_dynamic_partitions(partitions_def_name)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        return partition_key in self._partitions[partitions_def_name]

    def delete_events(self, run_id: str) -> None:
        """Of what this run made last, the tables know best."""
        super().delete_events(run_id)
        kept = self._latest.items()
        self._latest = {key: record for key, record in kept if record.run_id != run_id}

    def wipe(self) -> None:
        raise NotImplementedError("an instance of a test is thrown away whole")

    def wipe_asset(self, asset_key: AssetKey) -> None:
        self.wipe()

    def dispose(self) -> None:
        self._waiting = []
        super().dispose()


def _as_written(event: EventLogEntry) -> EventLogEntry:
    """Read back what was reported; what cannot be written is refused, as Dagster refuses it."""
    said = event.dagster_event
    if said is None or said.event_type not in REPORTED:
        return event
    return deserialize_value(serialize_value(event), EventLogEntry)


def _only_partition(wanted: AssetKey | dg.AssetRecordsFilter) -> tuple[AssetKey, str] | None:
    if not isinstance(wanted, dg.AssetRecordsFilter) or len(wanted.asset_partitions or ()) != 1:
        return None
    [one] = wanted.asset_partitions
    alone = dg.AssetRecordsFilter(wanted.asset_key, asset_partitions=[one])
    return (wanted.asset_key, one) if wanted == alone else None


class _Runs(InMemoryRunStorage):
    def __init__(self) -> None:
        self._engine = _database(InMemoryRunStorage)
        self._held_conn = _held(self._engine, InMemoryRunStorage)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection


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
