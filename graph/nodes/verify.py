"""Lets through only what stands word for word in the ledger."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, cast

from graph.citations.claims import without_repeats
from graph.citations.draft import Draft, Numbering, empty_draft, written_answer
from graph.citations.verification import Verification, Verified
from graph.ports import KnowledgeReader
from graph.state import Claim, State


@dataclass(frozen=True)
class Verify:
    """The last word on every citation; a model's own word is never enough."""

    reader: KnowledgeReader

    async def __call__(self, state: State) -> dict[str, Any]:
        draft = cast("Draft", {**empty_draft(), **state.draft})
        apart = [claim for group in draft["conflicts"] for claim in group]
        checked = await Verification(self.reader)(
            [*draft["claims"], *apart], list(state.results.values())
        )
        claims, conflicts = _standing(draft, checked)
        if checked.dropped:
            draft["notes"] = [*draft["notes"], _left_out(len(checked.dropped))]
        numbering = Numbering(checked.citations)
        answer = written_answer(claims, conflicts, draft, numbering)
        status = _status(draft, checked, answered=bool(claims or conflicts or draft["statements"]))
        if status in {"refused", "failed"}:
            answer = "\n\n".join(part for part in (draft["nothing"], answer) if part)
        return {
            "draft": {**draft, "verification": _report(checked)},
            "answer": answer,
            "status": status,
            "citations": numbering.citations,
        }


def _standing(draft: Draft, checked: Verified) -> tuple[list[Claim], list[list[Claim]]]:
    """Return the claims that stand; a conflict of which one side is left is a plain claim."""
    standing = iter(checked.claims)
    gone = {id(one) for one in checked.dropped}
    claims = [next(standing) for one in draft["claims"] if id(one) not in gone]
    conflicts: list[list[Claim]] = []
    for group in draft["conflicts"]:
        sides = [next(standing) for one in group if id(one) not in gone]
        if len(sides) > 1:
            conflicts.append(sides)
        else:
            claims += sides
    return without_repeats(claims), conflicts


def _status(draft: Draft, checked: Verified, *, answered: bool) -> str:
    if not answered:
        return draft["nothing_status"]
    return "completed" if draft["complete"] and not checked.dropped else "partial"


def _left_out(count: int) -> str:
    if count == 1:
        return "One sentence was left out, because its quote does not stand in the documents."
    return f"{count} sentences were left out, because their quotes do not stand in the documents."


def _report(checked: Verified) -> dict[str, Any]:
    failed: Counter[str] = Counter(dict(checked.failed.items()))
    return {
        "citations": len(checked.citations),
        "dropped_claims": len(checked.dropped),
        "failed_quotes": dict(failed),
    }
