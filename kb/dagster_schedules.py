"""Dagster's storage of sensors and schedules, which a death between its two tables does not stop for good."""

from dagster._core.errors import DagsterInvariantViolationError
from dagster._core.scheduler.instigation import InstigatorState
from dagster_postgres import PostgresScheduleStorage


class KnownSchedules(PostgresScheduleStorage):
    """A sensor's first state is two rows of two tables, and each is written by itself."""

    def add_instigator_state(self, state: InstigatorState) -> InstigatorState:
        """Where somebody was killed after the first, Dagster finds no state and can add none: add the second."""
        try:
            return super().add_instigator_state(state)
        except DagsterInvariantViolationError:
            if self.get_instigator_state(state.instigator_origin_id, state.selector_id):
                raise
            with self.connect() as connection:
                self._add_or_update_instigators_table(connection, state)
            return state
