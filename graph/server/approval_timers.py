"""What time does to approvals: a warning, then the next person, then a rejection by the policy."""

from dataclasses import dataclass
from typing import Final

import structlog

from graph.server.approval_answering import Answering
from graph.server.approval_policy import ApprovalPolicy
from graph.server.approval_rights import POLICY
from graph.server.clock import Clock, utc_now
from graph.server.database import Database, Row
from graph.server.errors import ApiError
from kb_contract.errors import ScriptoriumError

log = structlog.get_logger(__name__)
NOBODY: Final = "nobody answered in time"


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
        policy = ApprovalPolicy.model_validate(row["policy"])
        person = policy.next_person(row["level"])
        if person is None:
            return False
        now = self.now()
        await self.database.rows(
            "escalate_approval",
            thread_id=row["thread_id"],
            approval_id=row["approval_id"],
            level=row["level"],
            person=person,
            deadline=policy.deadline(now),
            warn_at=policy.warn_at(now),
        )
        return True

    async def _rejected(self, row: Row) -> bool:
        """Reject it; a person who was quicker has decided, and an unusable one is left and named."""
        decision = {"type": "reject", "message": NOBODY}
        try:
            await self.answering.answer(row, decision, POLICY, by_policy=True)
        except (ApiError, ScriptoriumError) as error:
            log.warning("not rejected", approval_id=row["approval_id"], error=str(error)[:300])
            return False
        return True
