"""Who may answer an approval: those it is for, or a deputy of theirs; and perhaps not who asked."""

from collections.abc import Collection
from typing import Final

from graph.server.database import Row
from graph.server.errors import ApiError

DECIDED: Final = frozenset({"approved", "edited", "rejected", "responded"})
POLICY: Final = "approval policy"
"""Who decides when time is up. Nobody else can have this name."""


def on_whose_behalf(row: Row, name: str, people: Collection[str]) -> str | None:
    """Whom the answer is given for; None when it is the answerer's own. Raises when it is nobody's.

    `people` are those who made the answerer their deputy, and whose delegation is in force.
    """
    if name == POLICY:
        raise ApiError(403, f"{POLICY!r} is no person", hint="say who you are: X-User")
    separate = bool(row["policy"].get("separate_approver"))
    if separate and may_be_one(name, row["requested_by"]):
        raise ApiError(
            403,
            f"{name} asked for this, and may not decide it",
            hint="somebody else has to: APPROVAL_SEPARATE_APPROVER is on",
        )
    approvers: list[str] = row["approvers"]
    if not approvers or name in approvers:
        return None
    may_send = {one for one in people if one in approvers}
    if separate:
        may_send = {one for one in may_send if not may_be_one(one, row["requested_by"])}
    if not may_send:
        raise ApiError(
            403,
            f"{name} may not decide this",
            hint=f"{', '.join(approvers)} may, or a deputy whom they name",
            more={"approvers": approvers},
        )
    return min(may_send)


def may_be_one(name: str, other: str | None) -> bool:
    """Whether two names can be of one person: a link in a mail answers as an address, a key as its name."""
    if not other:
        return False
    one, two = name.casefold(), other.casefold()
    if ("@" in one) == ("@" in two):
        return one == two
    return one.partition("@")[0].partition("+")[0] == two.partition("@")[0].partition("+")[0]


def check_may_revoke(row: Row, name: str) -> str:
    """Return the run that carries the decision; raises when there is none, or when it is another's."""
    if row["status"] not in DECIDED or row["resume_run_id"] is None:
        raise ApiError(409, f"there is nothing to revoke: it is {row['status']}")
    if row["decided_by"] != name:
        raise ApiError(
            403, f"{row['decided_by']} decided this, and only they can take it back",
            more={"decided_by": row["decided_by"]},
        )  # fmt: skip
    return str(row["resume_run_id"])


def already_used(row: Row) -> ApiError:
    """Say that a worker has the decision already."""
    return ApiError(
        409,
        "the decision is being carried out, or was",
        hint="cancel the run to stop what is left; APPROVAL_GRACE gives time to think again",
        more={"resume_run_id": row["resume_run_id"]},
    )
