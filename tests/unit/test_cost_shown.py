"""What `kb cost` prints, from what the server says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from kb.commands.cost import cost

ROW = {
    "name": "keeper [bold]", "requests": 1200, "failed": 3, "open": 0, "prompt_tokens": 500_000,
    "completion_tokens": 70, "cost": 1.5, "estimated_cost": 0.25, "estimated_spread": 0.05,
}  # fmt: skip
BUDGET = {
    "budget": "per-user", "subject": "anna", "begins": "2026-03-01", "spent": 1.5, "held": 0.1, "cap": 2.0,
    "scope": "user", "period": "day", "unit": "dollars", "over": "reject", "used": 0.8,
}  # fmt: skip
QUESTION = {
    "thread_id": "t", "answer_id": "a", "question": "How long\nis it [kept]?", "query_type": "rag_document",
    "cost": 0.125, "requests": 2, "knowledge_cost": 0.0625,
}  # fmt: skip
SAID = {
    "by": "agent", "since": "2026-03-01T00:00:00+00:00", "until": None, "rows": [ROW],
    "total": {"requests": 1200, "cost": 1.5, "estimated_cost": 0.25, "estimated_spread": 0.05}, "budgets": [BUDGET],
    "projection": {"month": "2026-03", "spent": 1.5, "projected": 4.5}, "costly_questions": [QUESTION],
    "ingestion": {"requests": 40, "cost": 0.375},
    "caches": [{"cache": "answers", "hits": 1300, "misses": 700, "hit_rate": 0.65, "entries": 12,
                "bytes": 9, "saved_cost": 2.25, "saved_seconds": 61.0}],
}  # fmt: skip


@contextmanager
def saying(body: dict[str, Any], asked: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, list[str]]:
    asked: list[str] = []
    app = Typer()
    app.command()(cost)
    with saying(SAID, asked) as url:
        monkeypatch.setenv("API_URL", url)
        done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output, asked


def test_people_see_spend_budgets_and_the_month(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, asked = run(monkeypatch, "--by", "agent", "--since", "2026-03-01")
    assert asked == ["/costs?by=agent&since=2026-03-01T00%3A00%3A00%2B00%3A00"]
    for part in ("keeper [bold]", "1,200", "500,000", "1.5000", "per-user", "anna", "80%", "reject",
                 "$1.5000, of it estimated 0.2500", "$4.5000 at this pace",
                 "answers", "1,300", "65%", "2.2500", "How long is it [kept]?", "0.1250", "0.0625", "40 requests, $0.3750"):  # fmt: skip
        assert part in shown


def test_programs_get_what_the_server_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, asked = run(monkeypatch, "--by", "day", "--json")
    assert asked == ["/costs?by=day"]
    assert json.loads(shown) == SAID
