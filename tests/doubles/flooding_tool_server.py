"""A tool server whose answers have no end: `with flooding() as (url, sent)`; `sent()` says how many bytes left it."""

import contextlib
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = b" " * 65_536
ENOUGH = 1_000_000_000


@contextlib.contextmanager
def flooding(kind: str) -> Generator[tuple[str, Callable[[], int]]]:
    """Answer every POST with the type `kind` and blanks, until the other side hangs up."""
    sent = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                while sent[0] < ENOUGH:
                    self.wfile.write(PIECE)
                    sent[0] += len(PIECE)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/mcp", lambda: sent[0]
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
