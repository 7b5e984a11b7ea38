"""A place in one of Dagster's pools, taken and given back in a statement each, where it takes seven and six.

Only where nobody waits; who has to wait is for Dagster's own way, which reads and writes the same rows.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from dagster._utils.concurrency import ConcurrencyClaimStatus, ConcurrencySlotStatus
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import InternalError

_SECONDS_BETWEEN_CLAIMS: Final = 0.5
# Fewer steps were let in than there are places, and none waits in front of the door. Who is let in is
# `pending` with a time; of two that come at one moment each locks another place, or finds none.
_TAKE: Final = text("""
with free as (
  select id from concurrency_slots
  where concurrency_key = :pool and step_key is null and not deleted
    and not exists (select from pending_steps where concurrency_key = :pool
                    and (assigned_timestamp is null or (run_id = :run and step_key = :step)))
    and (select count(*) from pending_steps where concurrency_key = :pool)
      < (select count(*) from concurrency_slots where concurrency_key = :pool and not deleted)
  limit 1 for update skip locked
), taken as (
  update concurrency_slots slot set run_id = :run, step_key = :step
  from free where slot.id = free.id returning slot.id
)
insert into pending_steps (concurrency_key, run_id, step_key, priority, assigned_timestamp)
select :pool, :run, :step, :priority, now() from taken
returning id""")
# A place that is too many since the pool was made smaller goes with its step.
_GIVE_BACK: Final = text("""
with fewer as (
  delete from concurrency_slots where run_id = :run and step_key = :step and deleted
), freed as (
  update concurrency_slots set run_id = null, step_key = null
  where run_id = :run and step_key = :step and not deleted
)
delete from pending_steps where run_id = :run and step_key = :step
returning concurrency_key, assigned_timestamp is not null as was_in""")


@dataclass(frozen=True)
class PoolStep:
    """A step of a run that wants to work, or has."""

    run: str
    step: str

    def take(self, connection: Connection, pool: str, priority: int) -> bool:
        """Take a place at once; False where there may be none, or others wait."""
        found = connection.execute(_TAKE, {**self._named, "pool": pool, "priority": priority})
        return found.first() is not None

    def give_back(self, connection: Connection) -> list[str]:
        """Give all places back; returns the pools that have room since."""
        gone = connection.execute(_GIVE_BACK, self._named)
        return [row.concurrency_key for row in gone if row.was_in]

    @property
    def _named(self) -> dict[str, Any]:
        return {"run": self.run, "step": self.step}


class QuickPools(PostgresEventLogStorage):
    """Dagster's log of events, of which its pools are a part."""

    def _aside(self) -> AbstractContextManager[None]:
        """What is done meanwhile has nothing to do with events."""
        return nullcontext()

    def initialize_concurrency_limit_to_default(self, concurrency_key: str) -> bool:
        """Where another process was first, Dagster goes on in a transaction that Postgres ended."""
        try:
            return super().initialize_concurrency_limit_to_default(concurrency_key)
        except InternalError:
            if concurrency_key not in self.get_concurrency_keys():
                raise
            return True

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        """Wait here for a while: a run whose steps are in its own process asks without a pause."""
        with self._aside(), self._connect() as connection:
            if PoolStep(run_id, step_key).take(connection, concurrency_key, priority or 0):
                return ConcurrencyClaimStatus(
                    concurrency_key=concurrency_key, slot_status=ConcurrencySlotStatus.CLAIMED,
                    priority=priority or 0,
                )  # fmt: skip
        found = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if found.is_claimed:
            return found
        with self._aside():
            # Whoever gave back last may have looked just before this step began to wait.
            if self.has_unassigned_slots(concurrency_key):
                self.assign_pending_steps([concurrency_key])
        time.sleep(_SECONDS_BETWEEN_CLAIMS)
        return found.with_sleep_interval(0.0)

    def free_concurrency_slot_for_step(self, run_id: str, step_key: str) -> None:
        with self._aside():
            with self._connect() as connection:
                pools = PoolStep(run_id, step_key).give_back(connection)
            self.assign_pending_steps(pools)
