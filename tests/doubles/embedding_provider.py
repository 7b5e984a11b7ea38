"""A real HTTP server on loopback that embeds by hashes of words, in the forms of OpenAI, Cohere and Voyage."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from kb_contract.chat_models.litellm_library import litellm
from tests.doubles.hash_embedder import DIMENSION, HashEmbedder
from tests.doubles.loopback_server import QuietHandler, loopback_server

# Models that give more by themselves.
LONG = {"text-embedding-3-small": 1536}


@dataclass(frozen=True)
class Refusal:
    """An answer that is none."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class LoopbackEmbeddings:
    """What it is asked, and how it answers."""

    address: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    refusals: deque[Refusal] = field(default_factory=deque)
    """The next requests are answered by these, each by one."""
    always: Refusal | None = None
    refuses: str = ""
    """A word: requests with a text that has it are refused as wrong."""
    away: str = ""
    """A word: for requests with a text that has it, nobody is there."""
    left_out: int = 0
    """So many of the vectors do not come."""
    dimension: int | None = None
    """None: as is asked for, else as the model gives by itself."""
    backwards: bool = False
    quick: int = 0
    """So many requests are answered whatever `may_answer` says."""
    together: int = 0
    most_together: int = 0
    may_answer: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released by each request that came."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def texts(self) -> list[str]:
        return [text for call in self.calls for text in call["texts"]]

    def base(self, path: str = "/v1") -> str:
        return f"{self.address}{path}"

    def refusal_of(self, texts: list[str]) -> Refusal | None:
        if self.refusals:
            return self.refusals.popleft()
        if self.away and any(self.away in text for text in texts):
            return Refusal(503)
        if self.refuses and any(self.refuses in text for text in texts):
            return Refusal(400)
        return self.always

    def rows(self, texts: list[str], wanted: int) -> list[list[float]]:
        much = self.dimension or wanted
        rows = [row.tolist() for row in HashEmbedder().embed(texts)]
        return [[*row, *([0.0] * much)][:much] for row in rows][: len(rows) - self.left_out]


class _Handler(QuietHandler, BaseHTTPRequestHandler):
    provider: LoopbackEmbeddings

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        provider, texts = self.provider, said.get("texts") or said.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        key = self.headers.get("Authorization", "")
        with provider.lock:
            provider.calls.append({**said, "texts": texts, "path": self.path, "key": key})
            provider.together += 1
            provider.most_together = max(provider.most_together, provider.together)
        provider.arrived.release()
        if len(provider.calls) > provider.quick:
            provider.may_answer.wait(60)
        with provider.lock:
            provider.together -= 1
            refusal = provider.refusal_of(texts)
        if refusal:
            self._answer(refusal.status, {"error": {"message": "no"}}, refusal.headers)
            return
        by_itself = LONG.get(said["model"], DIMENSION)
        wanted = said.get("dimensions") or said.get("output_dimension") or by_itself
        rows = provider.rows(texts, wanted)
        tokens = sum(len(text.split()) for text in texts)
        self._answer(200, _cohere(rows, tokens) if self.path == "/v2/embed" else
                     _openai(rows, tokens, backwards=provider.backwards), {})  # fmt: skip

    def _answer(self, status: int, said: dict[str, Any], headers: dict[str, str]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _openai(rows: list[list[float]], tokens: int, *, backwards: bool) -> dict[str, Any]:
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    return {
        "object": "list", "model": "hash", "data": data[::-1] if backwards else data,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }  # fmt: skip


def _cohere(rows: list[list[float]], tokens: int) -> dict[str, Any]:
    billed = {"billed_units": {"input_tokens": tokens}}
    return {"id": "1", "texts": [], "embeddings": {"float": rows}, "meta": billed}


@contextmanager
def embedding_provider() -> Iterator[LoopbackEmbeddings]:
    """Run one on a free port of loopback."""
    litellm()  # its import takes seconds that no test's deadline should pay
    made = LoopbackEmbeddings()
    made.may_answer.set()
    with loopback_server(type("Bound", (_Handler,), {"provider": made})) as address:
        made.address = address
        try:
            yield made
        finally:
            made.may_answer.set()
