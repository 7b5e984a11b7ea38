"""The same client for asyncio."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import httpx
from langgraph_sdk import get_client

from kb.client import calls
from kb.client.calls import GRAPH, Call, Event, OnEvent, nobody_listens
from kb.client.refusals import ServerSaid, in_our_words, refusal, told
from kb.client.shapes import Agent, Answer, Approval, Ingestion, StaleAnswer, Verdict, Verified
from kb_contract.trusted_certificates import trusted_certificates


@dataclass(frozen=True)
class AsyncClient:
    """Everything that an app asks of Scriptorium."""

    url: str = "http://127.0.0.1:8000"
    user: str | None = None
    api_key: str | None = None
    timeout: float = 300.0

    @property
    def cite(self) -> "AsyncCitations":
        return AsyncCitations(self)

    async def ask(  # noqa: PLR0913 - what a caller may say
        self,
        question: str,
        *,
        agent: str | None = None,
        thread: str | None = None,
        plan: Mapping[str, Any] | None = None,
        as_of: str | None = None,
        only: Mapping[str, Any] | None = None,
        cache: str | None = None,
        on_event: OnEvent = nobody_listens,
    ) -> Answer:
        """Ask, follow the stream, and return the answer (or what it waits for).

        `as_of` asks the past: a generation's number, a commit, or a moment. `only`
        narrows which documents are looked at: tags, versions, status, audience, since, until.
        `cache` says of kept answers what Cache-Control says: no-cache, no-store, only-if-cached, max-age=60.
        """
        events = self.stream(
            question, agent=agent, thread=thread, plan=plan, as_of=as_of, only=only, cache=cache
        )
        return await _last(events, on_event)

    async def stream(  # noqa: PLR0913 - what a caller may say
        self,
        question: str,
        *,
        agent: str | None = None,
        thread: str | None = None,
        plan: Mapping[str, Any] | None = None,
        as_of: str | None = None,
        only: Mapping[str, Any] | None = None,
        cache: str | None = None,
        lanes: Sequence[str] = (),
    ) -> AsyncIterator[Event]:
        """Ask, and tell what happens by `lane` (one for each agent); the last line is the `outcome`."""
        run = calls.run_of(question, agent, plan, {"as_of": as_of, "only": only, "cache": cache})
        ids: dict[str, str] = {}
        with in_our_words(self.url):
            async with self._graph_client() as client:
                thread_id = thread or str((await client.threads.create())["thread_id"])
                parts = client.runs.stream(thread_id, GRAPH, on_run_created=ids.update, **run)
                async for part in parts:
                    line = told(part)
                    if line is not None and (not lanes or line.get("lane") in lanes):
                        yield line
                outcome = await self._outcome(client, thread_id, ids["run_id"])
            yield {"type": "outcome", "lane": "run", **outcome}

    async def search(
        self,
        query: str,
        *,
        agent: str | None = None,
        limit: int = 5,
        as_of: str | None = None,
        only: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Find passages, the best first, without an answer around them; `only` as in `ask`."""
        return await self.call(calls.search(query, agent, limit, {"as_of": as_of, "only": only}))

    async def approvals(self, *, thread: str | None = None) -> list[Approval]:
        """What waits for a person, oldest first."""
        return calls.of_thread(await self.call(calls.pending_approvals()), thread)

    async def approve(
        self,
        approval_id: str,
        *,
        edit: Mapping[str, Any] | None = None,
        digest: str | None = None,
        refresh: bool = False,
        on_event: OnEvent = nobody_listens,
    ) -> Answer:
        """Approve (with changed arguments when `edit` is given) and follow the run to its end.

        `digest` is that of what you were shown: refused when it is something else by now. `refresh` looks again at
        what is live now, and asks anew when that says something else.
        """
        return await self._decided(
            calls.approve(approval_id, edit, digest, refresh=refresh), on_event
        )

    async def reject(
        self, approval_id: str, *, message: str = "", on_event: OnEvent = nobody_listens
    ) -> Answer:
        """Reject and follow the run to its end."""
        return await self._decided(
            calls.decide(approval_id, "reject", {"message": message}), on_event
        )

    async def respond(
        self, approval_id: str, message: str, *, on_event: OnEvent = nobody_listens
    ) -> Answer:
        """Put your words in the place of the step, and follow the run to its end."""
        return await self._decided(
            calls.decide(approval_id, "respond", {"message": message}), on_event
        )

    async def revoke(self, approval_id: str) -> dict[str, Any]:
        """Take your decision back, as long as nothing was done with it."""
        return await self.call(calls.decide(approval_id, "revoke", {}))

    async def delegate(self, deputy: str, *, until: datetime, reason: str = "") -> dict[str, Any]:
        """Let another answer what you may answer, until then."""
        return await self.call(calls.delegate(deputy, until, reason))

    async def delegations(self) -> list[dict[str, Any]]:
        """Every delegation, newest first."""
        return await self.call(Call("GET", "/delegations", part="delegations"))

    async def end_delegation(self, delegation_id: int) -> dict[str, Any]:
        """Take a delegation back before its time."""
        return await self.call(Call("DELETE", f"/delegations/{delegation_id}"))

    async def plan(self, question: str) -> dict[str, Any]:
        """The plan that would answer the question."""
        return await self.call(calls.about_question("/plan", question))

    async def validate(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with a plan."""
        return await self.call(calls.about_plan("/validate", plan))

    async def optimize(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The same answer by a shorter plan."""
        return await self.call(calls.about_plan("/optimize", plan))

    async def classify(self, question: str) -> dict[str, Any]:
        """Type of the question, confidence, and which path decided."""
        return await self.call(calls.about_question("/classify", question))

    async def feedback(
        self,
        answer_id: str,
        verdict: Verdict | str,
        *,
        correction: str = "",
        passages: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Say `up` or `down` of an answer, and which passages it should have stood on."""
        return await self.call(calls.feedback(answer_id, verdict, correction, passages))

    async def stale_answers(
        self, *, agent: str | None = None, since: datetime | None = None, limit: int = 100
    ) -> list[StaleAnswer]:
        """Answers that were given and hold no more, newest first; of one agent, and since then."""
        return await self.call(calls.stale_answers(agent, since, limit))

    async def ingest(
        self,
        agents: Sequence[str] | None = None,
        *,
        force: bool = False,
        key: str | None = None,
        wait: bool = True,
    ) -> Ingestion:
        """Bring agents (none: all) to what git says now; `key` makes a repeat the same request."""
        said: Ingestion = await self.call(calls.ingest(agents, key, force=force))
        until = time.monotonic() + self.timeout
        while wait and said["status"] not in ("done", "failed"):
            if time.monotonic() > until:
                raise calls.not_in_time(said, self.timeout)
            await asyncio.sleep(calls.LOOK_AGAIN_SECONDS)
            said = await self.call(calls.ingestion(said["key"]))
        return said

    async def agents(self) -> list[Agent]:
        """Every agent that can be asked."""
        return await self.call(Call("GET", "/agents", part="agents"))

    async def costs(self, *, by: str = "agent", since: str | None = None) -> dict[str, Any]:
        """What providers cost, told apart by `by`, with budgets and a projection."""
        return await self.call(calls.costs(by, since))

    async def health(self) -> dict[str, Any]:
        """The server and what it stands on."""
        return await self.call(Call("GET", "/health"))

    async def _decided(self, call: Call, on_event: OnEvent) -> Answer:
        decided = await self.call(call)
        thread_id, run_id = decided["thread_id"], decided["resume_run_id"]
        with in_our_words(self.url):
            async with self._graph_client() as client:
                parts = client.runs.join_stream(thread_id, run_id, last_event_id="-1")
                async for part in parts:
                    if (line := told(part)) is not None:
                        on_event(line)
                return cast("Answer", await self._outcome(client, thread_id, run_id))

    def _graph_client(self) -> Any:
        return get_client(
            url=self.url, api_key=self.api_key, headers=self._headers, timeout=self.timeout
        )

    @property
    def _headers(self) -> dict[str, str]:
        return calls.headers_of(self.user, self.api_key)

    async def _outcome(self, client: Any, thread_id: str, run_id: str) -> dict[str, Any]:
        state = await client.threads.get_state(thread_id)
        waiting = cast("list[dict[str, Any]]", await self.approvals(thread=thread_id))
        return calls.outcome(state["values"], waiting, thread_id, run_id)

    async def call(self, call: Call) -> Any:
        """Ask for anything else that `docs/api.md` lists."""
        headers = {**self._headers, **call.headers}
        with in_our_words(self.url):
            async with httpx.AsyncClient(
                timeout=self.timeout, headers=headers, verify=trusted_certificates()
            ) as http:
                reply = await http.request(call.method, f"{self.url}{call.path}", json=call.body)
        if reply.is_error:
            raise refusal(reply)
        return call.meant(reply.json())


@dataclass(frozen=True)
class AsyncCitations:
    """`client.cite`: what answers stand on."""

    client: AsyncClient = field(repr=False)

    async def verify(self, answer_id: str) -> Verified:
        """Look every quote up in what is served; `kb cite verify` reads git itself, where it is."""
        ask = self.client.call
        answer = await ask(calls.kept_answer(answer_id))
        found: list[dict[str, Any]] = []
        for number, one in enumerate(answer["citations"], start=1):
            try:
                found.append(calls.checked(one, await ask(calls.passage(answer_id, number))))
            except ServerSaid as refused:
                found.append(calls.checked(one, str(refused)))
        return cast("Verified", calls.verified(answer_id, found))


async def _last(events: AsyncIterator[Event], on_event: OnEvent) -> Answer:
    """Pass the lines on, and keep the outcome."""
    async for event in events:
        if event["type"] == "outcome":
            return cast("Answer", calls.answer_of(event))
        on_event(event)
    raise ServerSaid("the stream ended without an outcome", where="the run")
