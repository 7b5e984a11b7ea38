"""A real HTTP server on loopback that speaks OpenAI's chat completions, misbehaves, and keeps books."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kb_contract.chat_models.litellm_library import litellm
from tests.doubles.loopback_replies import Reply, whole_body, written_stream

Script = Callable[[dict[str, Any]], Reply]


@dataclass(frozen=True)
class Bill:
    """What the provider wants to be paid for one request."""

    prompt_tokens: int
    completion_tokens: int


@dataclass
class LoopbackProvider:
    """Answers each call with what the script says; keeps the calls and the bills."""

    script: Script = lambda _: Reply()
    calls: list[dict[str, Any]] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    api_base: str = ""

    def says(self, *replies: Reply | str) -> None:
        """Answer in this order; the last one for ever."""
        made = [Reply(text=one) if isinstance(one, str) else one for one in replies]
        first = len(self.calls)
        self.script = lambda _: made[min(len(self.calls) - first - 1, len(made) - 1)]

    def user_text(self, call: int = -1) -> str:
        return str(self.calls[call]["messages"][-1]["content"])

    def dollars(self, *, prompt: float = 1.0, completion: float = 2.0) -> float:
        """All bills, at so many dollars for a million tokens."""
        paid = (
            one.prompt_tokens * prompt + one.completion_tokens * completion for one in self.bills
        )
        return sum(paid) / 1e6


@contextmanager
def loopback_provider() -> Iterator[LoopbackProvider]:
    """Run a provider on a free port of loopback."""
    litellm()  # its import takes seconds that no test's deadline should pay
    provider = LoopbackProvider()
    stopping = threading.Event()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (_Handler,), {"provider": provider, "stopping": stopping})
    )
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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: LoopbackProvider
    stopping: threading.Event

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        call = json.loads(self.rfile.read(length))
        self.provider.headers.append(dict(self.headers))
        self.provider.calls.append(call)
        reply = self.provider.script(call)
        if reply.hang_seconds:
            # Nothing was written, so nothing is billed: its test is over long before.
            self.stopping.wait(reply.hang_seconds)
            self.close_connection = True
            return
        try:
            self._answer(reply, call)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, reply: Reply, call: dict[str, Any]) -> None:
        prompt = math.ceil(reply.prompts_so * count(messages=call["messages"]))
        streamed = bool(call.get("stream")) and reply.streams
        if reply.status != 200 or reply.raw is not None or not streamed:
            completion = count(reply.text or "")
            body = whole_body(reply, call, prompt, completion)
            self._bill(reply, prompt, completion)
            self._send(reply, [body], "application/json", length=len(body))
            return
        said = count(reply.text or "") if reply.choices else 0
        chunks = written_stream(reply, call, prompt, said)
        # Where it is cut off, or says nonsense, its caller hangs up, and no more is written.
        heard = chunks[: reply.broken_at]
        sent = "".join(one.text for one in heard if one.ends <= (reply.cut_at or one.ends))
        self._bill(reply, prompt, count(sent))
        self._send(reply, [one.line for one in chunks], "text/event-stream")

    def _bill(self, reply: Reply, prompt: int, completion: int) -> None:
        if reply.status == 200:
            self.provider.bills.append(Bill(prompt, completion))

    def _send(self, reply: Reply, parts: list[bytes], kind: str, length: int | None = None) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", kind)
        if reply.retry_after is not None:
            self.send_header("retry-after", reply.retry_after)
        if reply.encoding is not None:
            self.send_header("content-encoding", reply.encoding)
        if reply.location is not None:
            self.send_header("location", reply.location)
        if length is None:
            # The end of the connection is the end of the body: what is cut off looks whole.
            self.send_header("connection", "close")
            self.close_connection = True
        else:
            self.send_header("content-length", str(length))
        self.end_headers()
        left = reply.cut_at
        for part in parts:
            self.wfile.write(part[:left])
            left = None if left is None else max(0, left - len(part))
            if reply.drip_seconds and self.stopping.wait(reply.drip_seconds):
                break
        if reply.cut_at is not None:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Keep the tests' output clean."""


def count(text: str = "", messages: list[dict[str, Any]] | None = None) -> int:
    """Tokens as the provider bills them."""
    counter = litellm().token_counter
    if messages is not None:
        return int(counter(model="openai/any", messages=messages))
    return int(counter(model="openai/any", text=text)) if text else 0
