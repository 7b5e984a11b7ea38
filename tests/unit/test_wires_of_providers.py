"""Streams as Anthropic and Ollama write them and bodies as Gemini does, cut anywhere: a half is never an answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from kb_contract.chat_models.answer_limit import AnswerLimit
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.profiles import Deployment
from kb_contract.chat_models.provider_call import ProviderCall

TEXT = "hello world"


def event(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def anthropic() -> list[bytes]:
    start = {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": [], "stop_reason": None,
             "stop_sequence": None, "usage": {"input_tokens": 21, "output_tokens": 1}}  # fmt: skip
    return [
        event("message_start", message=start),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *(event("content_block_delta", index=0, delta={"type": "text_delta", "text": one}) for one in ("hello ", "world")),
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 5}),
        event("message_stop"),
    ]  # fmt: skip


def ollama() -> list[bytes]:
    def line(text: str, **more: object) -> bytes:
        at = {"model": "x", "created_at": "2026-01-01T00:00:00Z", "response": text, "done": False}
        return json.dumps({**at, **more}).encode() + b"\n"

    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 21, "eval_count": 5}
    return [line("hello "), line("world"), line("", **end)]


def gemini() -> list[bytes]:
    content = {"parts": [{"text": TEXT}], "role": "model"}
    account = {"promptTokenCount": 21, "candidatesTokenCount": 5, "totalTokenCount": 26}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return [json.dumps({"candidates": [candidate], "usageMetadata": account}).encode()]


# The last number: how much of the end may be missing, since the provider has said that it stops.
WIRES = {
    "anthropic/claude-haiku-4-5": (anthropic(), "text/event-stream", len(anthropic()[-1]) + 2),
    "ollama/llama3.1": (ollama(), "application/x-ndjson", 1),
    "gemini/gemini-2.5-flash": (gemini(), "application/json", 0),
}


@contextmanager
def speaking(parts: list[bytes], kind: str, cut_at: int | None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(b"".join(parts)[:cut_at])

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def goes_out() -> None:
    """Nobody keeps books here."""


async def called(model: str, address: str) -> ProviderCall:
    one = Deployment(model=model, api_base=address, api_key=SecretStr("k"))
    asked = [{"role": "user", "content": "q"}]
    call = ProviderCall(
        one, asked, lambda _: None, goes_out, AnswerLimit(one, 2000), stream=one.streams
    )
    await call.answer()
    return call


@pytest.mark.parametrize("model", WIRES)
async def test_a_whole_answer_comes_with_its_account(model: str) -> None:
    parts, kind, _ = WIRES[model]
    with speaking(parts, kind, None) as address:
        call = await called(model, address)
    assert call.text == TEXT
    assert (call.told.prompt_tokens, call.told.completion_tokens) == (21, 5)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.93])
@pytest.mark.parametrize("model", WIRES)
async def test_a_half_is_none(model: str, share: float) -> None:
    parts, kind, may_miss = WIRES[model]
    size = sum(map(len, parts))
    cut_at = min(int(size * share), size - may_miss - 1)
    with speaking(parts, kind, cut_at) as address, pytest.raises(ProviderFailure):
        await called(model, address)
