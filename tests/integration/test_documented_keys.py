"""The commands of docs/security.md, run as they stand there, and a key of theirs at a real server's door."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kb.commands.keys import keys
from tests.doubles.two_tenants import tenant

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = [
        line for block in BLOCK.findall(PAGE.read_text("utf-8")) for line in block.splitlines()
    ]
    return [line.partition("#")[0].strip() for line in lines if line.startswith("kb keys ")]


async def test_the_page_is_true(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:1")
    verbs = [shlex.split(line)[2] for line in commands()]
    assert verbs == ["create", "list", "rotate", "revoke"]
    key_id, made = "", [""]
    async with tenant(database_url, "default") as server:
        for line in commands():
            words = shlex.split(line.replace("KEY_ID", key_id))[2:]
            done = CliRunner().invoke(keys, [*words, "--json"])
            assert done.exit_code == 0, (line, done.output)
            said = json.loads(done.stdout)
            key_id = said.get("key_id", key_id)
            made += [said["key"]] if "key" in said else []
            if words[0] == "create":
                reply = await server.call("GET", "/approvals/pending", said["key"])
                assert reply.status_code == 200
        created, rotated = made[1:]
        # `revoke` ended the newest; the one before it works through the overlap.
        assert (await server.call("GET", "/approvals/pending", created)).status_code == 200
        assert (await server.call("GET", "/approvals/pending", rotated)).status_code == 401
