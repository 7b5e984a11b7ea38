"""schemathesis at every operation of our own OpenAPI: no 5xx, no answer that the page does not name."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import make_key
from tests.doubles.whole_reader import reader_settings, whole_reader

ROOT = Path(__file__).parents[2]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
FUZZER = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
# `make fuzz` asks for thousands; a small part of them runs with every other test.
CASES = int(os.environ.get("FUZZ_CASES", "200"))
# The systematic part alone makes thousands; a small run leaves it out.
PHASES = {True: "examples,coverage,fuzzing", False: "examples,fuzzing"}
PER_OPERATION = {True: 30, False: 2}
GENERATED = re.compile(r"(\d[\d,]*) generated")


def command(url: str, key: str) -> list[str]:
    return [
        str(FUZZER), "--config-file", str(ROOT / "tests" / "fuzz.toml"), "run", f"{url}/openapi.json",
        "-H", f"X-Api-Key: {key}", "--checks", CHECKS, "--phases", PHASES[CASES > 1000],
        "--max-examples", str(PER_OPERATION[CASES > 1000]), "--continue-on-failure", "--no-color",
        "--generation-deterministic", "--request-timeout", "15",
        # It stays open for as long as there is the thread.
        "--exclude-path", "/threads/{thread_id}/stream",
        "--suppress-health-check", "all", "--max-failures", "40", "--workers", "1", "--warnings", "off",
    ]  # fmt: skip


@pytest.mark.skipif(not FUZZER.exists(), reason="the fuzzer is not installed: make fuzz")
@pytest.mark.timeout(3600)
async def test_odd_requests_get_known_answers(database_url: str, tmp_path: Path):
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    open_wide = {
        "kb_rate_per_key": 0,
        "kb_rate_per_user": 0,
        "kb_active_runs": 0,
        "kb_queue_limit": 0,
    }
    settings = reader_settings(
        database_url, kb_auth="required", query_timeout=20, git_webhook_secret="s", **open_wide
    )
    async with whole_reader(settings, knowledge) as url:
        fuzzer = await asyncio.create_subprocess_exec(
            *command(url, make_key(database_url, "default", "admin")),
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "tests" / "doubles"),
                "SCHEMATHESIS_HOOKS": "fuzz_hooks",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await fuzzer.communicate())[0].decode()
    generated = GENERATED.search(told)
    assert generated is not None, told[-6000:]
    print(generated[0])
    assert fuzzer.returncode == 0, told[-12_000:]
    assert int(generated[1].replace(",", "")) >= CASES, told[-3000:]
