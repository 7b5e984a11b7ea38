"""Dagster's storage in Postgres, which asks once what its tables look like.

Dagster's own asks for every event of a check or an asset, on a connection of its own.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import get_token_provider_from_config, pg_url_from_config

if TYPE_CHECKING:
    from dagster_postgres.auth import PgTokenProvider


class KnownEventLog(PostgresEventLogStorage):
    """What is there stays; what is not there may come with a migration, so it is asked for again."""

    @cached_property
    def _seen(self) -> set[tuple[str, str]]:
        return set()

    def has_table(self, table_name: str) -> bool:
        return self._known("table", table_name, super().has_table)

    def has_asset_key_col(self, column_name: str) -> bool:
        return self._known("column", column_name, super().has_asset_key_col)

    def _known(self, kind: str, name: str, ask: Callable[[str], bool]) -> bool:
        if (kind, name) not in self._seen and ask(name):
            self._seen.add((kind, name))
        return (kind, name) in self._seen


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
