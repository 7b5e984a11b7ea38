"""Money of providers, as the writer spends it: the same rows and balances as the reader's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, Row
from kb_contract.chat_models.books import Held, Receipt
from kb_contract.chat_models.breaker import BreakerChange, state_row
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MoneyLedger:
    """Rows of ops.usage and its balances."""

    database: LedgerDatabase
    workspace: str

    def hold(self, call: Mapping[str, Any], holds: Sequence[Mapping[str, Any]]) -> Row:
        """Write a request down and hold its money; says which budget has no room."""
        values = {"call": Jsonb({**call, "workspace_id": self.workspace}), "holds": Jsonb(holds)}
        with self.database.transaction() as connection:
            return _said(connection, "hold_money", "said", values)

    def goes_out(self, held: Held) -> None:
        with self.database.transaction() as connection:
            statement = named_queries("costs")["money_goes_out"]
            connection.execute(statement.encode(), {"call_id": held.call_id})

    def settle(self, receipts: Sequence[Receipt]) -> list[Row]:
        with self.database.transaction() as connection:
            return settle_in(connection, receipts)

    def keep_state(self, change: BreakerChange) -> None:
        """Say how a model is, where the health of the reader shows it."""
        log.warning(
            "model", model=change.model, state=change.state, why=change.why, rest=change.rest
        )
        values = state_row(change)
        with self.database.transaction() as connection:
            connection.execute(named_queries("costs")["keep_model_state"].encode(), values)

    def settle_lost(self) -> None:
        """Put down what processes asked that are gone."""
        with self.database.transaction() as connection:
            _said(connection, "settle_lost_money", "lost", {})


def settle_in(connection: Connection, receipts: Sequence[Receipt]) -> list[Row]:
    """Settle in a transaction of somebody else's; returns budgets that came near their end."""
    near: list[Row] = []
    for one in receipts:
        values = {"call_id": one.held.call_id, "said": Jsonb(one.as_json())}
        near += _said(connection, "settle_money", "warned", values)
    return near


def _said(connection: Connection, name: str, column: str, values: Mapping[str, Any]) -> Any:
    row = connection.execute(named_queries("costs")[name].encode(), values).fetchone()
    return row[column] if row else None
