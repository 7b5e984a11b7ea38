"""How the loopback provider answers one call, as bytes: rightly, or wrongly in one of many ways."""

import json
from dataclasses import dataclass
from typing import Any, Final

_PIECE: Final = 12
_MOST_PIECES: Final = 200


@dataclass(frozen=True)
class Reply:
    """One answer."""

    text: str | None = "ok"
    status: int = 200
    finish_reason: str | None = "stop"
    choices: bool = True
    usage: bool | dict[str, Any] = True
    """True: as it is; False: none; else what it lies."""
    prompts_so: float = 1.0
    """How many tokens it makes of one of ours in a prompt, and bills."""
    hang_seconds: float = 0.0
    """Say nothing for so long, and then nothing at all."""
    drip_seconds: float = 0.0
    """Between pieces."""
    raw: bytes | None = None
    cut_at: int | None = None
    """Close the connection after so many bytes of the body."""
    broken_at: int | None = None
    """The chunk of this number is no JSON."""
    retry_after: str | None = None
    location: str | None = None
    """Where it sends its caller to."""
    encoding: str | None = None
    """How `raw` is packed, as it says."""
    streams: bool = True
    """False: gives its answer at once, whatever it was asked for."""


@dataclass(frozen=True)
class Chunk:
    """One event of a stream, the text in it, and where it ends."""

    line: bytes
    text: str
    ends: int


def whole_body(reply: Reply, call: dict[str, Any], prompt: int, completion: int) -> bytes:
    """An answer that is given at once."""
    if reply.raw is not None:
        return reply.raw
    if reply.status != 200:
        said = {"error": {"message": reply.text or "scripted", "type": "scripted"}}
        return json.dumps(said).encode()
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "finish_reason": reply.finish_reason, "message": message}
    return json.dumps(
        {
            "id": "chatcmpl-loopback",
            "object": "chat.completion",
            "created": 1,
            "model": call.get("model", "test"),
            "choices": [choice] if reply.choices else [],
            **_usage(reply, prompt, completion),
        }
    ).encode()


def written_stream(reply: Reply, call: dict[str, Any], prompt: int, completion: int) -> list[Chunk]:
    """An answer piece by piece."""
    text = reply.text
    size = max(_PIECE, len(text or "") // _MOST_PIECES)
    pieces = [text[at : at + size] for at in range(0, len(text), size)] if text else []
    parts: list[tuple[str, dict[str, Any]]] = [
        ("", _chunk(call, reply, {"role": "assistant", "content": None if text is None else ""}))
    ]
    parts += [(one, _chunk(call, reply, {"content": one})) for one in pieces]
    parts.append(("", _chunk(call, reply, {}, reply.finish_reason)))
    if reply.usage:
        account = {**_chunk(call, reply, {}), "choices": [], **_usage(reply, prompt, completion)}
        parts.append(("", account))
    lines = [b"data: " + json.dumps(body).encode() + b"\n\n" for _, body in parts]
    if reply.broken_at is not None:
        lines[min(reply.broken_at, len(lines) - 1)] = b"data: {broken\n\n"
    made: list[Chunk] = []
    ends = 0
    for line, said in zip(
        [*lines, b"data: [DONE]\n\n"], [*(one for one, _ in parts), ""], strict=True
    ):
        ends += len(line)
        made.append(Chunk(line, said if reply.choices else "", ends))
    return made


def _chunk(
    call: dict[str, Any], reply: Reply, delta: dict[str, Any], finish: str | None = None
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": call.get("model", "test"),
        "choices": [choice] if reply.choices else [],
    }


def _usage(reply: Reply, prompt: int, completion: int) -> dict[str, Any]:
    if reply.usage is False:
        return {}
    if isinstance(reply.usage, dict):
        return {"usage": reply.usage}
    told = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {"usage": {**told, "total_tokens": prompt + completion}}
