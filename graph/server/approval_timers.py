"""What time does to approvals: a warning, then the next person, then a rejection by the policy."""

from dataclasses import dataclass

import structlog

from graph.server.approval_answering import Answering
from graph.server.approval_deadlines import hand_on, next_person
from graph.server.approval_rights import POLICY
from graph.server.clock import Clock, utc_now
from graph.server.database import Database, Row
from graph.server.errors import ApiError
from graph.server.run_request import IN_VAIN
from kb_contract.errors import ScriptoriumError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Tended:
    """What one look did."""

    warned: int = 0
    escalated: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class ApprovalTimers:
    """Looks at the clock for everyone who does not; looking twice does nothing twice."""

    database: Database
    answering: Answering
    now: Clock = utc_now

    async def tend(self) -> Tended:
        now = self.now()
        warned = await self.database.rows("warn_approvals", now=now)
        overdue = await self.database.rows("overdue_approvals", now=now)
        escalated = [await self._escalated(row) for row in overdue]
        left = [row for row, up in zip(overdue, escalated, strict=True) if not up]
        rejected = [await self._rejected(row) for row in left]
        await self.database.rows("unpin_answered", now=now)
        tended = Tended(len(warned), sum(escalated), sum(rejected))
        if tended != Tended():
            log.info("approvals tended", warned=tended.warned, escalated=tended.escalated,
                     rejected=tended.rejected)  # fmt: skip
        return tended

    async def _escalated(self, row: Row) -> bool:
        person = next_person(row)
        if person is None:
            return False
        await hand_on(self.database, row, person, self.now())
        return True

    async def _rejected(self, row: Row) -> bool:
        """Reject it; a person who was quicker has decided, and an unusable one is left and named."""
        try:
            await self.answering.answer(row, IN_VAIN, POLICY, by_policy=True)
        except (ApiError, ScriptoriumError) as error:
            log.warning("not rejected", approval_id=row["approval_id"], error=str(error)[:300])
            return False
        return True
