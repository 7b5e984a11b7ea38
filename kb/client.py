"""The Python client: `Client().ask("…")` talks to the server with langgraph_sdk and httpx."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

import httpx
from langgraph_sdk import get_sync_client
from langgraph_sdk.errors import APIError

from graph.classification.question_back import asked_back
from kb_contract.errors import ScriptoriumError
from kb_contract.text_border import clean_text

GRAPH = "scriptorium"
Event = Mapping[str, Any]
OnEvent = Callable[[Event], None]


class ServerSaid(ScriptoriumError):
    """The server refused, or could not do it."""


def _nobody_listens(_: Event) -> None:
    """For callers that want only the answer."""


@dataclass(frozen=True)
class Client:
    """Everything that an app asks of Scriptorium."""

    url: str = "http://127.0.0.1:8000"
    user: str | None = None
    api_key: str | None = None
    timeout: float = 300.0
    _headers: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.user:
            self._headers["X-User"] = self.user
        if self.api_key:
            self._headers["X-Api-Key"] = self.api_key

    def ask(  # noqa: PLR0913 - what a caller may say
        self,
        question: str,
        *,
        agent: str | None = None,
        thread: str | None = None,
        plan: Mapping[str, Any] | None = None,
        as_of: str | None = None,
        only: Mapping[str, Any] | None = None,
        cache: str | None = None,
        on_event: OnEvent = _nobody_listens,
    ) -> dict[str, Any]:
        """Ask, follow the stream, and return the answer (or what it waits for).

        `as_of` asks the past: a generation's number, a commit, or a moment. `only`
        narrows which documents are looked at: tags, versions, status, audience, since, until.
        `cache` says of kept answers what Cache-Control says: no-cache, no-store, only-if-cached, max-age=60.
        """
        thread_id = thread or self._new_thread()
        given = {
            "question": clean_text(question),
            "agent": agent,
            "own_plan": dict(plan) if plan else None,
        }
        with _in_our_words(self.url):
            bounds = {
                name: one
                for name, one in (("as_of", as_of), ("only", only), ("cache", cache))
                if one
            }
            context = {"context": bounds} if bounds else {}
            return self._run(thread_id, on_event, input=given, **context)

    def search(
        self,
        query: str,
        *,
        agent: str | None = None,
        limit: int = 5,
        as_of: str | None = None,
        only: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Find passages, the best first, without an answer around them; `only` as in `ask`."""
        said = {"query": clean_text(query), "agent": agent, "limit": limit, "as_of": as_of,
                "only": dict(only or {})}  # fmt: skip
        return self._call("POST", "/search", said)

    def approvals(self, *, thread: str | None = None) -> list[dict[str, Any]]:
        """What waits for a person, oldest first."""
        waiting: list[dict[str, Any]] = self._call("GET", "/approvals/pending")["approvals"]
        return [one for one in waiting if thread in (None, one["thread_id"])]

    def approve(
        self,
        approval_id: str,
        *,
        edit: Mapping[str, Any] | None = None,
        refresh: bool = False,
        on_event: OnEvent = _nobody_listens,
    ) -> dict[str, Any]:
        """Approve (with changed arguments when `edit` is given) and follow the run to its end.

        `refresh` looks again at what is live now, and asks anew when that says something else.
        """
        body: dict[str, Any] = {"knowledge": "refresh"} if refresh else {}
        if edit is None:
            return self._decide(approval_id, "approve", body, on_event)
        return self._decide(approval_id, "modify", {**body, "args": dict(edit)}, on_event)

    def respond(
        self, approval_id: str, message: str, *, on_event: OnEvent = _nobody_listens
    ) -> dict[str, Any]:
        """Put your words in the place of the step, and follow the run to its end."""
        return self._decide(approval_id, "respond", {"message": message}, on_event)

    def revoke(self, approval_id: str) -> dict[str, Any]:
        """Take your decision back, as long as nothing was done with it."""
        return self._call("POST", f"/approvals/{approval_id}/revoke")

    def delegate(self, deputy: str, *, until: datetime, reason: str = "") -> dict[str, Any]:
        """Let another answer what you may answer, until then."""
        said = {"deputy": deputy, "until": until.isoformat(), "reason": reason}
        return self._call("POST", "/delegations", said)

    def delegations(self) -> list[dict[str, Any]]:
        """Every delegation, newest first."""
        return self._call("GET", "/delegations")["delegations"]

    def end_delegation(self, delegation_id: int) -> dict[str, Any]:
        """Take a delegation back before its time."""
        return self._call("DELETE", f"/delegations/{delegation_id}")

    def reject(
        self, approval_id: str, *, message: str = "", on_event: OnEvent = _nobody_listens
    ) -> dict[str, Any]:
        """Reject and follow the run to its end."""
        return self._decide(approval_id, "reject", {"message": message}, on_event)

    def plan(self, question: str) -> dict[str, Any]:
        """The plan that would answer the question."""
        return self._call("POST", "/plan", {"question": clean_text(question)})

    def validate(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with a plan."""
        return self._call("POST", "/validate", {"plan": dict(plan)})

    def optimize(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """The same answer by a shorter plan."""
        return self._call("POST", "/optimize", {"plan": dict(plan)})

    def classify(self, question: str) -> dict[str, Any]:
        """Type of the question, confidence, and which path decided."""
        return self._call("POST", "/classify", {"question": clean_text(question)})

    def feedback(
        self,
        answer_id: str,
        verdict: str,
        *,
        correction: str = "",
        passages: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Say `up` or `down` of an answer, and which passages it should have stood on."""
        said = {"answer_id": answer_id, "verdict": verdict, "correction": clean_text(correction),
                "passages": [dict(one) for one in passages]}  # fmt: skip
        return self._call("POST", "/feedback", said)

    def agents(self) -> list[dict[str, Any]]:
        """Every agent that can be asked."""
        return self._call("GET", "/agents")["agents"]

    def costs(self, *, by: str = "agent", since: str | None = None) -> dict[str, Any]:
        """What providers cost, told apart by `by`, with budgets and a projection."""
        query = urlencode({"by": by, **({"since": since} if since else {})})
        return self._call("GET", f"/costs?{query}")

    def health(self) -> dict[str, Any]:
        """The server and what it stands on."""
        return self._call("GET", "/health")

    def _decide(
        self, approval_id: str, how: str, body: Mapping[str, Any], on_event: OnEvent
    ) -> dict[str, Any]:
        decided = self._call("POST", f"/approvals/{approval_id}/{how}", dict(body))
        with _in_our_words(self.url):
            return self._follow(decided["thread_id"], decided["resume_run_id"], on_event)

    def _new_thread(self) -> str:
        with _in_our_words(self.url):
            return self._graph_client().threads.create()["thread_id"]

    def _graph_client(self) -> Any:
        return get_sync_client(
            url=self.url, api_key=self.api_key, headers=self._headers, timeout=self.timeout
        )

    def _run(self, thread_id: str, on_event: OnEvent, **run: Any) -> dict[str, Any]:
        run_id = ""

        def created(meta: Any) -> None:
            nonlocal run_id
            run_id = meta["run_id"]

        stream = self._graph_client().runs.stream(
            thread_id, GRAPH, stream_mode=["custom", "updates"], on_run_created=created,
            stream_subgraphs=True, stream_resumable=True, **run,
        )  # fmt: skip
        _pass_on(stream, on_event)
        return self._outcome(thread_id, run_id)

    def _follow(self, thread_id: str, run_id: str, on_event: OnEvent) -> dict[str, Any]:
        stream = self._graph_client().runs.join_stream(thread_id, run_id, last_event_id="-1")
        _pass_on(stream, on_event)
        return self._outcome(thread_id, run_id)

    def _outcome(self, thread_id: str, run_id: str) -> dict[str, Any]:
        values: dict[str, Any] = self._graph_client().threads.get_state(thread_id)["values"]
        waiting = self.approvals(thread=thread_id)
        outcome = {key: values.get(key) for key in ANSWER_KEYS}
        if waiting:
            outcome |= {"status": "awaiting_approval", "answer": "", "citations": []}
            outcome["approvals"] = waiting
            if asked := asked_back(waiting):
                outcome |= {"status": "needs_clarification", "answer": asked}
        return {**outcome, "thread_id": thread_id, "run_id": run_id}

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        with _in_our_words(self.url):
            reply = httpx.request(
                method, f"{self.url}{path}", json=body, headers=self._headers, timeout=self.timeout
            )
        if reply.is_error:
            raise _refusal(reply)
        return reply.json()


ANSWER_KEYS: Sequence[str] = (
    "answer", "status", "citations", "coverage", "conflicts", "plan", "query_type", "usage", "timings",
    "answer_id", "trace_id", "cached", "cache",
)  # fmt: skip


@contextmanager
def _in_our_words(url: str) -> Generator[None]:
    """Say what went wrong on the way to the server: what, where, and what to do."""
    try:
        yield
    except APIError as error:
        body: dict[str, Any] = (
            cast("dict[str, Any]", error.body) if isinstance(error.body, dict) else {}
        )
        said = str(body.get("message") or error.message)
        hint = str(body.get("hint") or "")
        raise ServerSaid(said, where=error.request.url.path, cure=hint) from error
    except httpx.HTTPStatusError as error:
        raise _refusal(error.response) from error
    except httpx.ConnectError as error:
        raise ServerSaid(
            "nothing answers", where=url, cure="start it (kb up), or say where it is: Client(url)"
        ) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServerSaid(
            f"the answer did not come ({type(error).__name__})",
            where=url,
            cure="look at `kb status`; what was asked goes on, `kb approvals` shows what waits",
        ) from error


def _pass_on(stream: Iterator[Any], on_event: OnEvent) -> None:
    for part in stream:
        if part.event == "error":
            raise ServerSaid(str(part.data.get("message", part.data)), where="the run")
        if part.event.split("|")[0] == "custom":
            on_event(part.data)


def _refusal(reply: httpx.Response) -> ServerSaid:
    try:
        body: dict[str, Any] = dict(reply.json())
    except (ValueError, TypeError):
        body = {}
    said = body.get("message") or body.get("detail") or reply.text[:300]
    return ServerSaid(
        f"{reply.status_code}: {said}", where=reply.request.url.path, cure=body.get("hint") or ""
    )
