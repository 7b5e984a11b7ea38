"""An approval is answered once: whoever comes first wins, and the others are told who did."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from psycopg.types.json import Jsonb

from graph.approval_requests import read_answer
from graph.server.approval_rows import action_name
from graph.server.database import Row, Statements
from graph.server.errors import ApiError

INTERRUPT_ID: Final = re.compile(r"[0-9a-f]{32}")
STATUS_OF: Final = {
    "approve": "approved",
    "accept": "approved",
    "edit": "edited",
    "reject": "rejected",
    "ignore": "rejected",
    "respond": "responded",
    "response": "responded",
}


class ResumeConflict(ApiError):
    """Nothing waits for this answer."""

    def __init__(self, message: str, *, hint: str, more: Mapping[str, Any], settled: bool) -> None:
        super().__init__(409, message, hint=hint, more=more)
        self.settled = settled
        """The answer that came first was carried out long ago: this is no race."""


@dataclass(frozen=True)
class Answerer:
    """Who answers, and which run carries the answer."""

    name: str
    run_id: str


async def claim_answers(
    statements: Statements, thread_id: str, said: Any, answerer: Answerer
) -> dict[str, Any]:
    """Mark what is answered as decided, and return the answers by interrupt id.

    The caller has locked the thread, and starts the run in the same transaction.
    """
    rows = await statements.rows("approvals_of_thread", thread_id=thread_id)
    pending = [row for row in rows if row["status"] == "pending"]
    answers = _by_id(said, pending)
    if answers is None:
        raise _which_one(pending) if pending else await _nothing_waits(statements, rows)
    late = [one for one in answers if one not in {row["approval_id"] for row in pending}]
    if late:
        decided = [row for row in rows if row["approval_id"] in late]
        raise await _nothing_waits(statements, decided or rows, late)
    _check_that_it_can_be_read(answers, pending)
    for approval_id, answer in answers.items():
        await statements.rows(
            "decide_approval",
            thread_id=thread_id,
            approval_id=approval_id,
            status=decision_status(answer),
            decision=Jsonb(answer),
            decided_by=answerer.name,
            resume_run_id=answerer.run_id,
        )
    return answers


def _check_that_it_can_be_read(answers: Mapping[str, Any], pending: Sequence[Row]) -> None:
    """An answer that the graph would refuse must not use up the approval."""
    for row in pending:
        name = action_name(row["request"])
        if name and row["approval_id"] in answers:
            read_answer(answers[row["approval_id"]], action=name)


def decision_status(answer: Any) -> str:
    """What an answer amounts to, in whichever form it comes."""
    first = answer
    if isinstance(first, Mapping) and isinstance(cast("Any", first).get("decisions"), list):
        first = cast("Mapping[str, Any]", first)["decisions"]
    if isinstance(first, list):
        first = next(iter(cast("list[Any]", first)), None)
    kind = cast("Mapping[str, Any]", first).get("type") if isinstance(first, Mapping) else first
    if isinstance(kind, bool):
        return "approved" if kind else "rejected"
    return STATUS_OF.get(kind, "responded") if isinstance(kind, str) else "responded"


def _by_id(said: Any, pending: Sequence[Row]) -> dict[str, Any] | None:
    """Answers by interrupt id; None when it cannot be told which one is meant."""
    ids = [row["approval_id"] for row in pending]
    if isinstance(said, Mapping):
        fields = cast("Mapping[str, Any]", said)
        if fields and all(INTERRUPT_ID.fullmatch(name) for name in fields):
            return dict(fields)
        several = fields.get("decisions")
        if isinstance(several, list) and len(ids) > 1 and set(fields) == {"decisions"}:
            decisions = cast("list[Any]", several)
            if len(decisions) != len(ids):
                return None
            return {one: {"decisions": [decisions[at]]} for at, one in enumerate(ids)}
    return {ids[0]: said} if len(ids) == 1 else None


def _which_one(pending: Sequence[Row]) -> ApiError:
    ids = [row["approval_id"] for row in pending]
    return ApiError(
        422,
        f"the thread waits for {len(ids)} answers: {', '.join(ids)}",
        hint='say which: {"resume": {"<id>": <answer>}}',
        more={"pending": ids},
    )


async def _nothing_waits(
    statements: Statements, rows: Sequence[Row], late: Sequence[str] = ()
) -> ResumeConflict:
    known = [row for row in rows if row["decided_by"]]
    newest = max(known, key=lambda row: row["decided_at"]) if known else None
    run = await statements.row("run", run_id=newest["resume_run_id"]) if newest else None
    active = run is not None and run["status"] in ("pending", "running")
    who = f"{newest['decided_by']} has decided it ({newest['status']})" if newest else ""
    which = f" for {', '.join(late)}" if late else ""
    return ResumeConflict(
        f"the thread does not wait{which}: {who}" if who else f"the thread does not wait{which}",
        hint="the first answer counts; see GET /approvals/history",
        more={"decided_by": newest["decided_by"] if newest else None},
        settled=not active,
    )
