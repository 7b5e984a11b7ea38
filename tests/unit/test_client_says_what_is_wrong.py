"""Whatever happens on the way to the server, the command says it in one line."""

import io

import pytest
from rich.console import Console

from kb.client import Client, ServerSaid
from kb.embedded.ports import any_free
from kb.terminal import show_answer


def test_a_server_that_is_down_is_said_with_the_cure() -> None:
    client = Client(url=f"http://127.0.0.1:{any_free('127.0.0.1')}")
    for ask in (client.ask, client.plan, client.classify):
        with pytest.raises(ServerSaid, match="kb up"):
            ask("Who keeps the key? \ud83d")


def test_documents_have_no_power_over_the_terminal() -> None:
    place = {
        "path": "a.md",
        "sha": "0" * 40,
        "start": 0,
        "end": 9,
        "agent_id": "a",
        "generation": 1,
    }
    hostile = "\x1b[31mred\x1b]0;title\x07 \u202etxt [bold]x[/bold]"
    to = Console(file=io.StringIO(), width=80)
    show_answer(
        {"status": "completed", "answer": hostile, "citations": [{**place, "quote": hostile}]}, to
    )
    shown = to.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]x[/bold]" in shown
