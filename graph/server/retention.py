"""Takes away what is over its age, store by store, and writes it into the archive before."""

from collections import Counter
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from graph.server.archive import archived
from graph.server.clock import Clock, utc_now
from graph.server.database import Database, Row
from graph.settings import ReaderSettings
from kb_contract.chat_models.profiles import read_models_file

log = structlog.get_logger(__name__)
EVERY: Final = timedelta(hours=1)
LEAVINGS_DAYS: Final = 90
OPERATIONS_DAYS: Final = 400
"""What has been done once is known for longer than the longest approval waits, so that it is not done again."""


@dataclass(frozen=True)
class Store:
    """Rows that go together; statements of `retention.sql` are named after them."""

    name: str
    table: str
    """Whose rows are counted: the others go with them."""
    days: int
    """0: for ever."""
    setting: str = ""
    """That says so; empty: none does."""
    batch: int = 1000
    also: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What its statements are told beside the moment."""


@dataclass(frozen=True)
class Aged:
    """How a store stands."""

    store: str
    setting: str
    days: int
    over_age: int


@dataclass
class Retention:
    """Works in batches, each a transaction of its own: stopped anywhere, the next round does the rest.

    Of two at once one works, and the other has nothing to do.
    """

    database: Database
    stores: tuple[Store, ...]
    archive: Path | None = None
    now: Clock = utc_now
    _next: datetime | None = field(default=None, init=False)

    async def when_due(self) -> int:
        """Do a round if the last one is long enough ago; return how many rows of stores went."""
        now = self.now()
        if self._next is not None and now < self._next:
            return 0
        self._next = now + EVERY
        try:
            went = await self.run()
        except OSError as error:
            log.warning(
                "the archive cannot be written, so nothing is deleted", error=str(error)[:200]
            )
            return 0
        if any(went.values()):
            log.info("what was over its age is gone", **went)
        return sum(went.values())

    async def run(self) -> dict[str, int]:
        """Take away all that is over its age."""
        return {one.name: await self._all_of(one) for one in self.stores if one.days}

    async def look(self) -> list[Aged]:
        """Say what would go."""
        return [Aged(one.name, one.setting, one.days, await self._over_age(one)) for one in self.stores]  # fmt: skip

    async def _over_age(self, store: Store) -> int:
        if not store.days:
            return 0
        row = await self.database.row(
            f"{store.name}_over_age", before=self._before(store), **store.also
        )
        return row["rows"] if row else 0

    async def _all_of(self, store: Store) -> int:
        if not await self._over_age(store):
            return 0
        total = 0
        while gone := await self._batch_of(store):
            total += gone
        return total

    async def _batch_of(self, store: Store) -> int:
        before = self._before(store)
        async with self.database.transaction() as statements:
            turn = await statements.row("whose_turn")
            if turn is None or not turn["mine"]:
                return 0
            rows = statements.stream(
                f"forget_{store.name}", before=before, limit=store.batch, **store.also
            )
            if self.archive is None:
                places = await _counted(rows)
            else:
                # Killed after this line and before the end, the rows stay, and are written once more.
                places = await archived(self.archive, store.name, self.now(), rows)
        return places[store.table]

    def _before(self, store: Store) -> datetime:
        return self.now() - timedelta(days=store.days)


async def _counted(rows: AsyncIterable[Row]) -> Counter[str]:
    places = Counter[str]()
    async for row in rows:
        places[row["place"]] += 1
    return places


def retention_of(settings: ReaderSettings, database: Database, now: Clock = utc_now) -> Retention:
    """Make it as the settings say."""
    return Retention(database, _stores(settings), _archive(settings), now)


def audit_retention(settings: ReaderSettings, database: Database, days: int) -> Retention:
    """For the audit, which nothing takes away by itself: the chain of all workspaces is one."""
    return Retention(database, (Store("audit", "ops.audit", days),), _archive(settings))


def _archive(settings: ReaderSettings) -> Path | None:
    return Path(settings.archive_dir) if settings.archive_dir else None


def _stores(settings: ReaderSettings) -> tuple[Store, ...]:
    sessions = (settings.keep_sessions_days, "KEEP_SESSIONS_DAYS")
    answers = (settings.keep_answers_days, "KEEP_ANSWERS_DAYS")
    usage = (settings.keep_usage_days, "KEEP_USAGE_DAYS")
    budgets = read_models_file(settings.llm_profiles).budgets if settings.keep_usage_days else ()
    of_sessions = [one.name for one in budgets if one.scope == "session"]
    return (
        Store("sessions", "ops.threads", *sessions, batch=20),
        Store("answers", "ops.answers", *answers, batch=200),
        Store("approvals", "ops.approvals", *answers, batch=200),
        Store("tool_outputs", "ops.tool_outputs", *answers, batch=200),
        Store("gaps", "ops.knowledge_gaps", *answers),
        Store("evaluations", "ops.evaluations", *answers, batch=20),
        Store("usage", "ops.usage", *usage, batch=5000),
        Store("balances", "ops.budget_balances", *usage, also={"of_sessions": of_sessions}),
        Store("notices", "ops.notices", LEAVINGS_DAYS),
        Store("pushes", "ops.pushes", LEAVINGS_DAYS),
        Store("operations", "ops.requested_operations", OPERATIONS_DAYS),
    )
