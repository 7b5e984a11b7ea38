"""An approval is answered once: whoever comes first wins, and the others are told who did, and when."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from psycopg.types.json import Jsonb

from graph.approval_requests.answers import Decision, decided_digest, read_answer
from graph.approval_requests.shown_action import VERSION, ShownAction, shown_action
from graph.server.approval_deadlines import hand_on, is_over, next_person
from graph.server.approval_rights import POLICY, on_whose_behalf
from graph.server.approval_rows import waiting_body
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


class TimedOut(ResumeConflict):
    """Its time was over before the answer came, so the policy decides it, whoever looks first."""

    def __init__(self, approvals: Sequence[Row]) -> None:
        oldest = min(row["deadline"] for row in approvals)
        super().__init__(
            f"time was up at {oldest:%Y-%m-%d %H:%M:%S %Z}, before this answer came: the policy has rejected it",
            hint="ask the question again; APPROVAL_TIMEOUT and APPROVAL_POLICIES say how long people have",
            more={"decided_by": POLICY, "status": "rejected", "timed_out": True, "deadline": oldest},
            settled=False,
        )  # fmt: skip
        self.approvals = approvals


@dataclass(frozen=True)
class Answerer:
    """Who answers and when, and which run carries the answer."""

    name: str
    run_id: str
    at: datetime
    by_policy: bool = False
    """Nobody answered in time, so the policy does."""
    shown: str | None = None
    """Digest of what the answerer was shown; None: they do not say."""


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
    people = await _people(statements, answerer)
    asked = [row for row in pending if row["approval_id"] in answers]
    _check_known(asked, answerer)
    known = {row["approval_id"]: row for row in await _in_time(statements, asked, answerer)}
    # All of them are checked before one is used: an answer that is refused uses up no approval.
    claims = [_claim(known[one], answer, answerer, people) for one, answer in answers.items()]
    for claim in claims:
        await statements.rows("decide_approval", thread_id=thread_id, **claim.values(answerer))
    return {claim.approval_id: claim.answer for claim in claims}


def _check_known(asked: Sequence[Row], answerer: Answerer) -> None:
    for row in asked:
        _check_version(shown_action(row["request"]))
    if answerer.shown is not None and any(row["digest"] != answerer.shown for row in asked):
        raise ApiError(
            409, "what waits is not what you were shown", hint="look at it again and decide anew"
        )


async def _in_time(
    statements: Statements, asked: Sequence[Row], answerer: Answerer
) -> Sequence[Row]:
    """What is asked, as the policy has it at the moment of the answer."""
    if answerer.by_policy:
        return asked
    kept: list[Row] = []
    overdue: list[Row] = []
    for row in asked:
        if not is_over(row, answerer.at):
            kept.append(row)
        elif person := next_person(row):
            kept.append(await hand_on(statements, row, person, answerer.at))
        else:
            overdue.append(row)
    if overdue:
        raise TimedOut(overdue)
    return kept


@dataclass(frozen=True)
class Claim:
    """One approval as it will be decided, and what the graph is told."""

    approval_id: str
    answer: Any
    digest: str
    on_behalf_of: str | None

    def values(self, answerer: Answerer) -> dict[str, Any]:
        return {
            "approval_id": self.approval_id,
            "status": decision_status(self.answer),
            "decision": Jsonb(self.answer),
            "decided_by": answerer.name,
            "on_behalf_of": self.on_behalf_of,
            "decided_digest": self.digest,
            "resume_run_id": answerer.run_id,
        }


def _claim(row: Row, answer: Any, answerer: Answerer, people: Sequence[str]) -> Claim:
    behalf = None if answerer.by_policy else on_whose_behalf(row, answerer.name, people)
    shown = shown_action(row["request"])
    if shown is None:
        return Claim(row["approval_id"], answer, row["digest"], behalf)
    decision = read_answer(answer, shown)
    if shown.version == VERSION:
        answer = _bound(decision, shown, answerer)
        return Claim(row["approval_id"], answer, decided_digest(shown, decision), behalf)
    return Claim(row["approval_id"], answer, row["digest"], behalf)


def _bound(decision: Decision, shown: ShownAction, answerer: Answerer) -> dict[str, Any]:
    """The answer as the scheduler reads it, with the digest of what was shown."""
    said = decision.model_dump(mode="json", exclude_none=True)
    return {"decisions": [said], "digest": shown.digest, "decided_by": answerer.name}


def _check_version(shown: ShownAction | None) -> None:
    if shown is not None and shown.version > VERSION:
        raise ApiError(
            409,
            f"this was asked by newer code (version {shown.version}; here {VERSION} is known)",
            hint="update this server and answer then, or cancel the run and ask the question again",
        )


async def _people(statements: Statements, answerer: Answerer) -> list[str]:
    rows = await statements.rows("people_of_deputy", deputy=answerer.name, now=answerer.at)
    return [row["person"] for row in rows]


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
        more={"pending": ids, "waiting": [waiting_body(row) for row in pending]},
    )


async def _nothing_waits(
    statements: Statements, rows: Sequence[Row], late: Sequence[str] = ()
) -> ResumeConflict:
    known = [row for row in rows if row["decided_by"]]
    newest = max(known, key=lambda row: row["decided_at"]) if known else None
    which = f" for {', '.join(late)}" if late else ""
    said = f"the thread does not wait{which}"
    hint = "the first answer counts; see GET /approvals/history"
    if newest is None:
        return ResumeConflict(said, hint=hint, more={"decided_by": None}, settled=True)
    run = await statements.row("run", run_id=newest["resume_run_id"])
    active = run is not None and run["status"] in ("pending", "running")
    winner = {name: newest[name] for name in ("decided_by", "decided_at", "status")}
    winner["timed_out"] = newest["decided_by"] == POLICY
    return ResumeConflict(
        f"{said}: {winner['decided_by']} has decided it ({winner['status']}) "
        f"at {winner['decided_at']:%Y-%m-%d %H:%M:%S %Z}",
        hint=hint,
        more=winner,
        settled=not active,
    )
