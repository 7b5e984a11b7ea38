"""Dagster's storage in Postgres, spared what is done for each event over and over.

Dagster's own opens a connection for every event, asks what its tables look like, and notifies
listeners that there are no longer. Here a process keeps one connection, asks once, and the events
of half a second are one transaction.
"""

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
from dagster import EventLogEntry
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.event_log import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresRunStorage,
)
from dagster_postgres.utils import (
    create_pg_engine,
    get_token_provider_from_config,
    pg_url_from_config,
)
from sqlalchemy import Table
from sqlalchemy.engine import Connection
from sqlalchemy.event import listen
from sqlalchemy.exc import DataError, DisconnectionError, IntegrityError

from dagster_kb.resources.idle_connection import is_silent
from kb.dagster_checks import CheckEvent, keep_checks
from kb.dagster_events import SECONDS, RecentAnswers, WaitingEvents
from kb.dagster_pools import QuickPools
from kb.dagster_schedules import KnownSchedules

if TYPE_CHECKING:
    from dagster_postgres.auth import PgTokenProvider

# Two runs side by side keep theirs; more threads that come at one time have some that are closed again.
_POOL: Final = {"pool_size": 2, "max_overflow": -1, "pool_recycle": 300}
Numbered = tuple[EventLogEntry, int]

_log = logging.getLogger(__name__)


class KnownEventLog(QuickPools):
    """Events wait in this process and are written together; whoever reads here reads them too."""

    @cached_property
    def _seen(self) -> set[tuple[str, str]]:
        return set()

    @cached_property
    def _waiting(self) -> WaitingEvents:
        return WaitingEvents(self._write)

    @cached_property
    def _thread(self) -> threading.local:
        """`connection`: that of a transaction under way; `aside`: reads what no event changes."""
        return threading.local()

    def has_table(self, table_name: str) -> bool:
        return self._known("table", table_name, super().has_table)

    def has_asset_key_col(self, column_name: str) -> bool:
        return self._known("column", column_name, super().has_asset_key_col)

    def _known(self, kind: str, name: str, ask: Callable[[str], bool]) -> bool:
        """What is there stays; what is not may come with a migration, so it is asked for again."""
        if (kind, name) not in self._seen and ask(name):
            self._seen.add((kind, name))
        return (kind, name) in self._seen

    def _has_rows(self, table: Table) -> bool:
        """Asked of what pools there are, before each look at them."""
        return self._known(
            "rows", table.name, lambda _: super(KnownEventLog, self)._has_rows(table)
        )

    @cached_property
    def _recent(self) -> RecentAnswers:
        return RecentAnswers(SECONDS)

    def store_event(self, event: EventLogEntry) -> None:
        self._waiting.add((event,))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        self._waiting.add(events)

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        with self._aside():
            return self._recent.answer(
                ("partitions", partitions_def_name),
                lambda: super(KnownEventLog, self).get_dynamic_partitions(partitions_def_name),
            )

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        asked = ("partition", partitions_def_name, partition_key)
        with self._aside():
            return self._recent.answer(
                asked, lambda: super(KnownEventLog, self).has_dynamic_partition(*asked[1:])
            )

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        super().delete_dynamic_partition(partitions_def_name, partition_key)
        self._recent.forget()

    def add_dynamic_partitions(
        self, partitions_def_name: str, partition_keys: Sequence[str]
    ) -> None:
        super().add_dynamic_partitions(partitions_def_name, partition_keys)
        self._recent.forget()

    def _get_assets_details(self, asset_keys: Sequence[dg.AssetKey]) -> Sequence[Any]:
        """They tell when an asset was wiped, which is asked with each look at what it is."""
        with self._aside():
            return self._recent.answer(
                ("details", repr(asset_keys)),
                lambda: super(KnownEventLog, self)._get_assets_details(asset_keys),
            )

    def wipe_asset(self, asset_key: dg.AssetKey) -> None:
        super().wipe_asset(asset_key)
        self._recent.forget()

    def fetch_materializations(self, *asked: Any, **more: Any) -> dg.EventRecordsResult:
        """Every check asks which materialization it is about; its verdict does not change that."""
        if self._waiting.holds(dg.DagsterEventType.ASSET_MATERIALIZATION):
            self._waiting.flush()
        with self._aside():
            return self._recent.answer(
                ("materializations", repr(asked), repr(more)),
                lambda: super(KnownEventLog, self).fetch_materializations(*asked, **more),
            )

    def dispose(self) -> None:
        self._waiting.close()
        super().dispose()
        self._engine.dispose()

    def _connect(self) -> AbstractContextManager[Connection]:
        under_way: Connection | None = getattr(self._thread, "connection", None)
        if under_way is not None:
            return nullcontext(under_way)
        if not getattr(self._thread, "aside", False):
            self._waiting.flush()
        return super()._connect()

    @contextmanager
    def _aside(self) -> Generator[None]:
        before, self._thread.aside = getattr(self._thread, "aside", False), True
        try:
            yield
        finally:
            self._thread.aside = before

    def _write(self, events: Sequence[EventLogEntry]) -> None:
        """All or none; but one that Postgres never takes does not hold the others up."""
        try:
            self._write_together(events)
        except (DataError, IntegrityError) as error:
            if len(events) == 1:
                _log.error("Dagster's storage refuses an event, it is left out: %s", error)
                return
            for one in events:
                self._write((one,))

    def _write_together(self, events: Sequence[EventLogEntry]) -> None:
        with self._transaction() as connection:
            adding = SqlEventLogStorageTable.insert().returning(
                SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
            )
            rows = [self._event_to_row(one) for one in events]
            ids = [int(row[0]) for row in connection.execute(adding, rows)]
            numbered = list(zip(events, ids, strict=True))
            about_checks = [
                CheckEvent(event, number, row["event"])
                for (event, number), row in zip(numbered, rows, strict=True)
                if event.dagster_event_type in ASSET_CHECK_EVENTS
            ]
            for one in keep_checks(connection, about_checks):
                self.store_asset_check_event(one.event, one.number)
            self._write_about_assets(connection, numbered)
        if any(
            one.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION for one in events
        ):
            self._recent.forget("materializations")

    def _write_about_assets(self, connection: Connection, numbered: Sequence[Numbered]) -> None:
        """By asset: two runs that both write of several never wait for each other in a ring."""
        about = [
            (event.dagster_event.asset_key.to_string(), number, event)
            for event, number in numbered
            if event.dagster_event_type in ASSET_EVENTS
            and event.dagster_event is not None
            and event.dagster_event.asset_key is not None
        ]
        if about:
            self._store_asset_event_tags(
                connection, [event for *_, event in about], [number for _, number, _ in about]
            )
        for _, number, event in sorted(about, key=lambda one: one[:2]):
            self._store_asset_event(connection, event, number)

    @contextmanager
    def _transaction(self) -> Generator[Connection]:
        with super()._connect() as opened:
            connection = opened.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                self._thread.connection = connection
                try:
                    yield connection
                finally:
                    del self._thread.connection


class KnownRuns(PostgresRunStorage):
    """Its columns are asked for until they are there."""

    @cached_property
    def _columns(self) -> set[str]:
        return set()

    def has_run_stats_index_cols(self) -> bool:
        return self._known("stats", super().has_run_stats_index_cols)

    def has_backfill_id_column(self) -> bool:
        return self._known("backfill", super().has_backfill_id_column)

    def _known(self, name: str, ask: Callable[[], bool]) -> bool:
        if name not in self._columns and ask():
            self._columns.add(name)
        return name in self._columns


class KnownStorage(DagsterPostgresStorage):
    """Dagster's own storage of runs, schedules and sensors, with that log of events."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,  # noqa: FBT001, FBT002 - as Dagster calls it
        inst_data: ConfigurableClassData | None = None,
        token_provider: "PgTokenProvider | None" = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data, token_provider)
        self._event_log_storage = KnownEventLog(
            postgres_url, should_autocreate_tables, token_provider=token_provider
        )
        self._run_storage = KnownRuns(
            postgres_url, should_autocreate_tables, token_provider=token_provider
        )
        self._schedule_storage = KnownSchedules(
            postgres_url, should_autocreate_tables, token_provider=token_provider
        )
        engine = create_pg_engine(
            postgres_url, token_provider, isolation_level="AUTOCOMMIT", **_POOL
        )
        listen(engine, "checkout", _still_there)
        for one in (self._event_log_storage, self._run_storage, self._schedule_storage):
            one._engine = engine  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - no other door

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "KnownStorage":
        return cls(
            inst_data=inst_data,
            postgres_url=pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            token_provider=get_token_provider_from_config(config_value),
        )


def _still_there(connection: Any, _record: object, _proxy: object) -> None:
    """Where the server said something to a connection at rest, it ended it: take another."""
    if not is_silent(connection.fileno()):
        raise DisconnectionError("the server ended the connection")
