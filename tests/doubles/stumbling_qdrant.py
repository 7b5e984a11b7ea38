"""What stands before a real Qdrant, and says for a while that it is in trouble."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Stumble = Callable[[str], int | None]
"""Told a request (`PUT /collections/x/points`), it gives the status to answer with, or none."""


def never(_: str) -> None:
    """All goes through."""


@dataclass
class StumblingQdrant:
    """Hands requests on; keeps what was asked."""

    behind: str
    url: str = ""
    stumble: Stumble = never
    asked: list[str] = field(default_factory=list)

    def stumbles_at(self, nth: int, status: int) -> None:
        """Answer the n-th request from now on so, and no other."""
        at = len(self.asked) + nth + 1
        self.stumble = lambda _: status if len(self.asked) == at else None

    def stumbles_from(self, start: str, status: int = 503) -> None:
        """From the first request on that begins so nothing goes through."""
        begun = threading.Event()

        def stumble(request: str) -> int | None:
            if request.startswith(start):
                begun.set()
            return status if begun.is_set() else None

        self.stumble = stumble

    def stumbles_twice_at(self, start: str, status: int = 503) -> None:
        """Two requests that begin so do not go through."""
        left = [status, status]
        self.stumble = lambda one: left.pop() if left and one.startswith(start) else None

    def stands(self) -> None:
        """All goes through again."""
        self.stumble = never


@contextmanager
def stumbling_qdrant(behind: str) -> Generator[StumblingQdrant]:
    """Run it on a free port of loopback."""
    front = StumblingQdrant(behind)
    with httpx.Client(base_url=behind, timeout=60) as out:
        handler = type("Bound", (_Handler,), {"front": front, "out": out})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        front.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A body is in its own packet, which would wait for the other side's word that the head came.
    disable_nagle_algorithm = True
    front: StumblingQdrant
    out: httpx.Client

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = f"{self.command} {self.path}"
        self.front.asked.append(request)
        status = self.front.stumble(request)
        if status is not None:
            self._answer(status, "text/html", b"<html><body>Bad gateway or so</body></html>")
            return
        kind = {"content-type": self.headers.get("content-type", "application/json")}
        answer = self.out.request(self.command, self.path, content=body, headers=kind)
        self._answer(answer.status_code, "application/json", answer.content)

    # The server looks for methods of these names.
    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _hand_on  # noqa: N815

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""
