"""A chat model that takes its time: a loopback server with the pace of a real provider."""

import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

FIRST_TOKEN: Final = 0.3
TOKENS_A_SECOND: Final = 60
LETTERS_OF_A_TOKEN: Final = 4
_CLASSIFIES: Final = '{"types"'
_SENTENCE: Final = re.compile(r"Note \d+ of the handbook settles [^\n]*?[.?](?=\s|$)")


@contextmanager
def timed_provider() -> Generator[str]:
    """Serve on a free port; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _said_to(asked: str) -> str:
    """Name the likeliest kind where a question is to be classified, else answer with what a note says."""
    if asked.startswith(_CLASSIFIES):
        return next(iter(json.loads(asked)["types"]))
    found = _SENTENCE.search(asked)
    quote = {"passage": "p1", "quote": found[0]} if found else None
    claims = [{"text": quote["quote"], "quotes": [quote]}] if quote else []
    return json.dumps({"claims": claims})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = _said_to(asked["messages"][-1]["content"])
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        self._stream(said)

    def _stream(self, text: str) -> None:
        time.sleep(FIRST_TOKEN)
        for at in range(0, len(text), LETTERS_OF_A_TOKEN):
            self._say({"content": text[at : at + LETTERS_OF_A_TOKEN]}, None)
            time.sleep(1 / TOKENS_A_SECOND)
        self._say({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, delta: dict[str, str], finish: str | None) -> None:
        choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Keep the output to the figures."""
