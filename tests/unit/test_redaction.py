"""What logs may say: never a secret, on a terminal as little as in a file."""

import json
import logging

import pytest
import structlog
from pydantic import SecretStr

from graph.server.door.keys import new_key
from graph.server.redaction import redactor
from graph.server.telemetry import configure_logging
from graph.settings import ReaderSettings
from kb_contract.kept_secrets import HIDDEN, secrets_of


def test_logs_say_no_secrets():
    known = ReaderSettings(
        database_url=SecretStr("postgresql://ann:very-secret@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1",
        kb_api_key=SecretStr("a-long-and-random-key"),
    )
    redact = redactor(secrets_of(known))
    key = new_key().text
    line = {
        "event": f"refused {key} and a-long-and-random-key",
        "exception": "psycopg.OperationalError: postgresql://ann:other-secret@db/x",
        "headers": {"authorization": "Bearer abcdefghijkl", "x-api-key": "k", "accept": "*/*"},
        "path": f"/ws?ticket={'kbt_' + 'a' * 43}",
        "said": ["Bearer abcdefghijklmnop", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"],
        "tokens": 12,
    }
    said = json.dumps(redact(None, "info", line))
    for secret in (key, "a-long-and-random", "other-secret", "abcdefghijkl", "eyJ", "kbt_a"):
        assert secret not in said
    assert '"tokens": 12' in said
    assert '"accept": "*/*"' in said
    assert said.count(HIDDEN) >= 6


@pytest.mark.parametrize("terminal", [True, False])
def test_an_exception_is_told_without_what_variables_hold(
    capsys: pytest.CaptureFixture[str], terminal: bool
):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    structlog.reset_defaults()
    try:
        configure_logging("INFO", terminal=terminal, secrets=["a-long-and-random-key"])
        held = "a-password-in-a-variable"
        try:
            raise ValueError(f"no {len(held)} a-long-and-random-key")
        except ValueError as error:
            structlog.get_logger("x").warning("failed", exc_info=error)
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert HIDDEN in told
    assert held not in told
    assert "a-long-and-random-key" not in told.replace('secrets=["a-long', "")
