"""A real HTTP server on loopback that ranks texts by their length, in the form that Cohere's API has."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from kb_contract.chat_models.litellm_library import litellm
from tests.doubles.loopback_server import QuietHandler, loopback_server


@dataclass
class RerankProvider:
    """What it is asked, and how it answers."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    base: str = ""
    status: int = 200
    meta: dict[str, Any] = field(default_factory=dict)
    first_index: int = 0
    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    provider: RerankProvider

    def do_POST(self) -> None:
        provider = self.provider
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider.calls.append({**call, "path": self.path})
        provider.asked.set()
        provider.may_answer.wait(60)
        results = [{"index": at + provider.first_index, "relevance_score": 1 / len(text)}
                   for at, text in enumerate(call["documents"])]  # fmt: skip
        answer = json.dumps({"id": "1", "results": results, "meta": provider.meta}).encode()
        self.send_response(provider.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        if provider.status == 307:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer)


@contextmanager
def rerank_provider() -> Iterator[RerankProvider]:
    """Run one on a free port of loopback."""
    litellm()  # its import takes seconds that no test's deadline should pay
    made = RerankProvider()
    made.may_answer.set()
    with loopback_server(type("Bound", (_Handler,), {"provider": made})) as address:
        made.base = f"{address}/v2/rerank"
        try:
            yield made
        finally:
            made.may_answer.set()
