"""What Dagster keeps of asset checks: many events in two statements, where it takes one for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
import sqlalchemy as sa
from dagster import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy.engine import Connection

_PLANNED: Final = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
_EVALUATED: Final = dg.DagsterEventType.ASSET_CHECK_EVALUATION
_TABLE: Final = AssetCheckExecutionsTable
# The row that was made when the check was planned, which its evaluation then fills.
_KEY: Final = ("asset_key", "check_name", "run_id", "partition")
_FILLED: Final = (
    "execution_status", "evaluation_event", "evaluation_event_timestamp",
    "evaluation_event_storage_id", "materialization_event_storage_id",
)  # fmt: skip
_COLUMNS: Final = (*_KEY, *_FILLED)


@dataclass(frozen=True)
class CheckEvent:
    """An event about a check, as it was just kept in the log."""

    event: EventLogEntry
    number: int
    text: str

    @property
    def kind(self) -> dg.DagsterEventType | None:
        return self.event.dagster_event_type

    def planned(self) -> list[dict[str, Any]]:
        """Rows of what a run is going to check, one for each partition."""
        said: Any = self.event.dagster_event and self.event.dagster_event.event_specific_data
        subset = said.partitions_subset
        status = AssetCheckExecutionRecordStatus.PLANNED
        return [self._row(said, one, status, None)
                for one in (subset.get_partition_keys() if subset else [None])]  # fmt: skip

    def evaluated(self) -> dict[str, Any]:
        """Fill such a row with what was found."""
        said: Any = self.event.dagster_event and self.event.dagster_event.event_specific_data
        status = (
            AssetCheckExecutionRecordStatus.SUCCEEDED
            if said.passed else AssetCheckExecutionRecordStatus.FAILED
        )  # fmt: skip
        target = said.target_materialization_data
        return self._row(said, said.partition, status, target and target.storage_id)

    def _row(
        self, said: Any, partition: str | None, status: AssetCheckExecutionRecordStatus,
        materialization: int | None,
    ) -> dict[str, Any]:  # fmt: skip
        at = datetime.fromtimestamp(self.event.timestamp, UTC).replace(tzinfo=None)
        values = (
            said.asset_key.to_string(), said.check_name, self.event.run_id, partition,
            status.value, self.text, at, self.number, materialization,
        )  # fmt: skip
        return dict(zip(_COLUMNS, values, strict=True))


def keep_checks(connection: Connection, events: Sequence[CheckEvent]) -> list[CheckEvent]:
    """Keep them; returns those that are for Dagster itself, since no run planned them."""
    planned = [row for one in events if one.kind == _PLANNED for row in one.planned()]
    if planned:
        connection.execute(_TABLE.insert().values(planned))
    evaluated = [one for one in events if one.kind == _EVALUATED]
    # What no run evaluated has no row of its own, and must not fill an earlier one.
    rows = {_key(row): row for one in evaluated if one.event.run_id for row in [one.evaluated()]}
    filled = _filled(connection, list(rows.values()))
    return [one for one in evaluated if _key(one.evaluated()) not in filled]


def _filled(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """Fill the rows that were planned, in one statement, and say which these were."""
    if not rows:
        return set()
    news = sa.values(*(sa.column(name, _TABLE.c[name].type) for name in _COLUMNS), name="news")
    news = news.data([tuple(row[name] for name in _COLUMNS) for row in rows])
    same = [_TABLE.c[name] == news.c[name] for name in _KEY if name != "partition"]
    changed = (
        _TABLE.update()
        .where(*same, _TABLE.c.partition.is_not_distinct_from(news.c.partition))
        .values({name: sa.cast(news.c[name], _TABLE.c[name].type) for name in _FILLED})
        .returning(*(_TABLE.c[name] for name in _KEY))
    )
    return {tuple(row) for row in connection.execute(changed)}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
