"""When time is up: judged at the moment of an answer, and by the worker's clock where nobody answers."""

from datetime import datetime

from graph.server.approval_policy import ApprovalPolicy
from graph.server.database import Database, Row, Statements


def is_over(row: Row, at: datetime) -> bool:
    """Whether nobody is waited for any more."""
    return row["deadline"] is not None and row["deadline"] <= at


def next_person(row: Row) -> str | None:
    """Whom it goes to when its time is over; None: the policy rejects it."""
    return ApprovalPolicy.model_validate(row["policy"]).next_person(row["level"])


async def hand_on(database: Database | Statements, row: Row, person: str, at: datetime) -> Row:
    """Escalate it, once however many find it overdue; return it as it is then."""
    policy = ApprovalPolicy.model_validate(row["policy"])
    handed = await database.row(
        "escalate_approval",
        thread_id=row["thread_id"],
        approval_id=row["approval_id"],
        level=row["level"],
        person=person,
        deadline=policy.deadline(at),
        warn_at=policy.warn_at(at),
    )
    return handed or row
