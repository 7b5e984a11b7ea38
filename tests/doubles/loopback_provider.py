"""A real HTTP server on loopback that speaks OpenAI's chat completions, and can misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """How the provider answers one call."""

    text: str | None = "ok"
    status: int = 200
    finish_reason: str = "stop"
    choices: bool = True
    usage: bool = True
    hang_seconds: float = 0.0
    raw: bytes | None = None
    cut_at: int | None = None
    """Close the connection after so many bytes of the body."""


Script = Callable[[dict[str, Any]], Reply]


@dataclass
class LoopbackProvider:
    """Answers each call with what the script says; keeps the calls."""

    script: Script = lambda _: Reply()
    calls: list[dict[str, Any]] = field(default_factory=list)
    api_base: str = ""

    def says(self, *replies: Reply | str) -> None:
        """Answer in this order; the last one for ever."""
        made = [Reply(text=one) if isinstance(one, str) else one for one in replies]
        first = len(self.calls)
        self.script = lambda _: made[min(len(self.calls) - first - 1, len(made) - 1)]

    def user_text(self, call: int = -1) -> str:
        return str(self.calls[call]["messages"][-1]["content"])


@contextmanager
def loopback_provider() -> Iterator[LoopbackProvider]:
    """Run a provider on a free port of loopback."""
    provider = LoopbackProvider()
    stopping = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider, stopping))
    provider.api_base = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: LoopbackProvider, stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            call = json.loads(self.rfile.read(length))
            provider.calls.append(call)
            reply = provider.script(call)
            if reply.hang_seconds:
                stopping.wait(reply.hang_seconds)
            try:
                self._send(reply, _body(reply, call))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send(self, reply: Reply, body: bytes) -> None:
            self.send_response(reply.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: reply.cut_at])
            if reply.cut_at is not None:
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            """Keep the tests' output clean."""

    return Handler


def _body(reply: Reply, call: dict[str, Any]) -> bytes:
    if reply.raw is not None:
        return reply.raw
    if reply.status != 200:
        return json.dumps(
            {"error": {"message": f"scripted {reply.status}", "type": "scripted"}}
        ).encode()
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "finish_reason": reply.finish_reason, "message": message}
    return json.dumps(
        {
            "id": "chatcmpl-loopback",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": call.get("model", "test"),
            "choices": [choice] if reply.choices else [],
            **(
                {"usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}}
                if reply.usage
                else {}
            ),
        }
    ).encode()
