"""Starts the runs of crons that are due: each run and its next time in one transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from graph.caller import Caller, working_for
from graph.server.clock import Clock, utc_now
from graph.server.correlation import new_trace
from graph.server.cron_schedule import next_time
from graph.server.database import Database, Row, Statements
from graph.server.door.roles import INCLUDED
from graph.server.errors import ApiError
from graph.server.resume_guard import Answerer
from graph.server.run_creation import RunDesk
from graph.server.run_request import RunRequest
from kb_contract.errors import ScriptoriumError

log = structlog.get_logger(__name__)
MOST_AT_ONCE: Final = 100
KEY_IS_GONE: Final = "the key that it was made with is not valid any more"
WAITS: Final = "left out: the thread waits for a person"


@dataclass(frozen=True)
class Started:
    """What became of a cron that was due."""

    run_id: str | None = None
    error: str | None = None
    goes_on: bool = True


@dataclass(frozen=True)
class CronRuns:
    """Several workers may look at one time; of what was missed while none did, one run is started."""

    database: Database
    desk: RunDesk
    now: Clock = utc_now

    async def start_due(self) -> int:
        """Start what is due; return how many crons were looked at."""
        for looked in range(MOST_AT_ONCE):
            if not await self._one():
                return looked
        return MOST_AT_ONCE

    async def _one(self) -> bool:
        async with self.database.transaction() as statements:
            cron = await statements.row("due_cron", now=self.now())
            if cron is None:
                return False
            started = await self._started(statements, cron)
            next_run = _after(cron, self.now())
            await statements.rows(
                "cron_fired",
                cron_id=cron["cron_id"],
                run_id=started.run_id,
                error=started.error,
                next_run_date=next_run,
                enabled=started.goes_on and next_run is not None,
            )
        log.info("cron", cron_id=cron["cron_id"], run_id=started.run_id, error=started.error)
        return True

    async def _started(self, statements: Statements, cron: Row) -> Started:
        if not cron["key_lives"]:
            return Started(error=KEY_IS_GONE, goes_on=False)
        if cron["waits"]:
            return Started(error=WAITS)
        agents = None if cron["agents"] is None else frozenset[str](cron["agents"])
        try:
            with new_trace(), working_for(Caller(cron["owner"], INCLUDED["asker"], agents)):
                # A savepoint: what is refused half way leaves nothing behind.
                async with statements.connection.transaction():
                    who = Answerer(cron["owner"], str(uuid.uuid4()), self.now())
                    run = await self.desk.start_in(
                        statements, cron["thread_id"], _request(cron), who
                    )
        except (ApiError, ScriptoriumError) as refused:
            return Started(error=f"left out: {refused}"[:500])
        return Started(run["run_id"])


def _request(cron: Row) -> RunRequest:
    about = {**cron["metadata"], "cron_id": cron["cron_id"]}
    request = RunRequest.model_validate(cron["payload"])
    completion = None if cron["thread_id"] else cron["on_run_completed"] or "delete"
    return request.model_copy(update={"metadata": about, "on_completion": completion})


def _after(cron: Row, now: datetime) -> datetime | None:
    """The next time from now on: what was missed is not made up for."""
    found = next_time(cron["schedule"], cron["timezone"], now)
    ends = cron["end_time"]
    return None if found is None or (ends is not None and found > ends) else found
