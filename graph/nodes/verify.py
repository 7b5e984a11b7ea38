"""Lets through only what stands word for word in the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from graph.citations.claims import without_repeats
from graph.citations.coverage import Policy, coverage
from graph.citations.disagreements import ConflictRule, Disagreement
from graph.citations.draft import Draft, Numbering, empty_draft, written_answer
from graph.citations.side_by_side import SideBySide
from graph.citations.support import Known, supported
from graph.citations.verification import Verification, Verified
from graph.ports import KnowledgeReader
from graph.state import Claim, State, Unsupported


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251 - the clock that others take as a parameter


@dataclass(frozen=True)
class Verify:
    """The last word on every citation; a model's own word is never enough."""

    reader: KnowledgeReader
    unsupported: Policy = "drop"
    conflict_rule: ConflictRule = "none"
    now: Callable[[], datetime] = utc_now

    async def __call__(self, state: State) -> dict[str, Any]:
        draft = cast("Draft", {**empty_draft(), **state.draft})
        sides = [claim for group in draft["conflicts"] for claim in group["sides"]]
        checked = await Verification(self.reader)(
            [*draft["claims"], *sides], list(state.results.values())
        )
        standing = _Standing.of(draft, checked, _known(state, checked))
        numbering = Numbering(checked.citations)
        # Claims stand first in the answer, so they are numbered first.
        for claim in standing.claims:
            numbering.of(claim)
        side_by_side = SideBySide(checked.passages, numbering, self.conflict_rule, self.now())
        told = [side_by_side(one) for one in standing.conflicts]
        return self._update(draft, checked, standing, numbering, told)

    def _update(
        self,
        draft: Draft,
        checked: Verified,
        standing: "_Standing",
        numbering: Numbering,
        told: Sequence[tuple[str, dict[str, Any]]],
    ) -> dict[str, Any]:
        left_out = standing.unsupported
        marked = left_out if self.unsupported == "mark" else []
        if left_out and not marked:
            draft["notes"] = [*draft["notes"], _left_out(len(left_out))]
        answer = written_answer(
            standing.claims, [text for text, _ in told], marked, draft, numbering
        )
        said = standing.claims or standing.conflicts or draft["statements"]
        status = _status(draft, answered=bool(said), whole=not left_out)
        if status in {"refused", "failed"}:
            answer = "\n\n".join(part for part in (draft["nothing"], answer) if part)
        every = [*standing.claims, *(one for group in standing.conflicts for one in group["sides"])]
        return {
            "draft": {**draft, "verification": _report(checked, left_out)},
            "answer": answer,
            "status": status,
            "citations": numbering.citations,
            "coverage": coverage(
                every, draft["statements"], left_out, numbering, policy=self.unsupported
            ),
            "conflicts": [said for _, said in told],
        }


@dataclass(frozen=True)
class _Standing:
    """What of a draft stands, and what does not."""

    claims: list[Claim]
    conflicts: list[Disagreement]
    unsupported: list[Unsupported]

    @classmethod
    def of(cls, draft: Draft, checked: Verified, known: Known) -> "_Standing":
        """A conflict of which one side is left is a plain claim."""
        left_out: list[Unsupported] = [
            *draft["unsupported"],
            *({"text": claim["text"], "why": why} for claim, why in checked.dropped),
        ]
        gone = {id(claim) for claim, _ in checked.dropped}
        rest = iter(checked.claims)

        def standing(claims: Sequence[Claim]) -> list[Claim]:
            kept: list[Claim] = []
            for one in (next(rest) for claim in claims if id(claim) not in gone):
                whole, faults = supported(one, known)
                left_out.extend(faults)
                kept += [whole] if whole else []
            return kept

        claims, conflicts = standing(draft["claims"]), list[Disagreement]()
        for group in draft["conflicts"]:
            sides = standing(group["sides"])
            if len(sides) == len(group["sides"]):
                conflicts.append({**group, "sides": sides})
            else:
                claims += sides
        return cls(without_repeats(claims), conflicts, left_out)


def _known(state: State, checked: Verified) -> Known:
    computed = [
        claim["text"]
        for one in state.results.values()
        for claim in one["claims"]
        if claim.get("by") == "calculation"
    ]
    return Known(checked.passages, state.asks, "\n".join(computed))


def _status(draft: Draft, *, answered: bool, whole: bool) -> str:
    if not answered:
        return draft["nothing_status"]
    return "completed" if draft["complete"] and whole else "partial"


def _left_out(count: int) -> str:
    if count == 1:
        return "One sentence was left out, because no source supports it."
    return f"{count} sentences were left out, because no source supports them."


def _report(checked: Verified, left_out: Sequence[Unsupported]) -> dict[str, Any]:
    return {
        "citations": len(checked.citations),
        "dropped_claims": len(left_out),
        "failed_quotes": dict(checked.failed),
    }
