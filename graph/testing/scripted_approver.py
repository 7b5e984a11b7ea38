"""A person with a rule for every approval, who answers over HTTP as people do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx


@dataclass(frozen=True)
class Reply:
    """What a person does with one approval."""

    how: Literal["approve", "modify", "reject", "respond"]
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


Rule = Callable[[Mapping[str, Any]], Reply | None]
"""Given an approval as the inbox shows it, the reply; None leaves it to others."""


def approves(**more: Any) -> Reply:
    """Approve as shown; `knowledge="refresh"` looks again at what is live."""
    return Reply("approve", more)


def rejects(message: str = "") -> Reply:
    """Reject, and say why."""
    return Reply("reject", {"message": message} if message else {})


def edits(**args: Any) -> Reply:
    """Approve with other arguments: `edits(parameters={"amount": 5})`."""
    return Reply("modify", {"args": args})


def responds(message: str) -> Reply:
    """Put words in the place of what would have been done."""
    return Reply("respond", {"message": message})


@dataclass
class ScriptedApprover:
    """Looks into the inbox when told to; what came of each answer is in `answered`."""

    http: httpx.AsyncClient
    rule: Rule = field(default=lambda _: approves())
    name: str = "scripted approver"
    answered: list[tuple[str, httpx.Response]] = field(
        default_factory=list[tuple[str, httpx.Response]]
    )

    async def pending(self, thread_id: str | None = None) -> list[dict[str, Any]]:
        asked = {"thread_id": thread_id} if thread_id else {}
        reply = await self.http.get("/approvals/pending", params=asked)
        return reply.raise_for_status().json()["approvals"]

    async def look(self, thread_id: str | None = None) -> list[httpx.Response]:
        """Answer what waits now, each once, as the rule says."""
        replies = [(one, self.rule(one)) for one in await self.pending(thread_id)]
        return [await self.answer(one, reply) for one, reply in replies if reply is not None]

    async def answer(self, approval: Mapping[str, Any], reply: Reply) -> httpx.Response:
        """Answer one, bound to the digest of what was shown."""
        said = {"thread_id": approval["thread_id"], "digest": approval["digest"], **reply.body}
        place = f"/approvals/{approval['approval_id']}/{reply.how}"
        answered = await self.http.post(place, json=said, headers={"X-User": self.name})
        self.answered.append((approval["approval_id"], answered))
        return answered

    async def see_through(self, thread_id: str, *, at_most: int = 50) -> dict[str, Any]:
        """Answer until the thread waits for nobody; return its session as it is then."""
        for _ in range(at_most):
            if not await self.look(thread_id):
                break
            await self.settled(thread_id)
        return await self.settled(thread_id)

    async def settled(self, thread_id: str) -> dict[str, Any]:
        """Wait for the newest run of the thread, and return the session."""
        runs = (await self.http.get(f"/threads/{thread_id}/runs")).raise_for_status().json()
        if runs:
            await self.http.get(f"/threads/{thread_id}/runs/{runs[0]['run_id']}/join")
        reply = await self.http.get(f"/orchestration/{thread_id}/status")
        return reply.raise_for_status().json()
