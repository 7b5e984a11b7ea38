"""An answer in the shapes of OpenAI's chat completions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.server.encoding import to_json

OURS: Final = ("session_id", "run_id", "status", "answer_id", "trace_id", "citations", "approvals")


@dataclass(frozen=True)
class Completion:
    """What all pieces of one answer have in common."""

    completion_id: str
    model: str
    created: int

    def whole(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer at once."""
        message = {"role": "assistant", "content": self.words(body), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": usage_of(body),
            "scriptorium": {name: body.get(name) for name in OURS},
        }

    def piece(
        self,
        delta: Mapping[str, Any],
        *,
        finish: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A piece of it; the last one says what the answer stands on."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        ours = {"scriptorium": {name: body.get(name) for name in OURS}} if body else {}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **ours}

    def usage_chunk(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage_of(body)}

    def words(self, body: Mapping[str, Any]) -> str:
        """The answer, or what it waits for."""
        if body["status"] != "awaiting_approval":
            return body.get("answer") or ""
        ids = ", ".join(one["approval_id"] for one in body["approvals"])
        return f"This waits for a person to approve it: {ids}"

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.completion_id,
            "object": kind,
            "created": self.created,
            "model": self.model,
        }


def usage_of(body: Mapping[str, Any]) -> dict[str, int]:
    """What a provider was paid for; nothing where none was asked."""
    said: Mapping[str, Any] = body.get("usage") or {}
    prompt, completion = (
        int(said.get("prompt_tokens") or 0),
        int(said.get("completion_tokens") or 0),
    )
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def error_of(message: str, kind: str = "server_error", code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's clients read it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def chunk_of(body: Mapping[str, Any]) -> str:
    """One event of a stream."""
    return f"data: {to_json(body)}\n\n"
