"""schemathesis at every operation of our own OpenAPI: no 5xx, no answer that the page does not name, no leak."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import CANARY, furnish, make_key, standing, tenant
from tests.doubles.whole_reader import reader_settings, whole_reader

ROOT = Path(__file__).parents[2]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
NO_LEAK = "tells_nothing_of_another_tenant"
FUZZER = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
# `make fuzz` asks for thousands; a small part of them runs with every other test.
CASES = int(os.environ.get("FUZZ_CASES", "100"))
# The systematic part alone makes thousands; a small run leaves it out.
PHASES = {True: "examples,coverage,fuzzing", False: "examples,fuzzing"}
PER_OPERATION = {True: 30, False: 1}
GENERATED = re.compile(r"(\d[\d,]*) generated")


def command(url: str, key: str, checks: str = CHECKS) -> list[str]:
    return [
        str(FUZZER), "--config-file", str(ROOT / "tests" / "fuzz.toml"), "run", f"{url}/openapi.json",
        "-H", f"X-Api-Key: {key}", "--checks", checks, "--phases", PHASES[CASES > 1000],
        "--max-examples", str(PER_OPERATION[CASES > 1000]), "--continue-on-failure", "--no-color",
        "--generation-deterministic", "--request-timeout", "15",
        # It stays open for as long as there is the thread.
        "--exclude-path", "/threads/{thread_id}/stream",
        "--suppress-health-check", "all", "--max-failures", "40", "--workers", "1", "--warnings", "off",
    ]  # fmt: skip


OPEN_WIDE: dict[str, Any] = {
    "kb_auth": "required", "kb_rate_per_key": 0, "kb_rate_per_user": 0, "kb_active_runs": 0,
    "kb_queue_limit": 0, "git_webhook_secret": "s",
}  # fmt: skip
installed = pytest.mark.skipif(not FUZZER.exists(), reason="the fuzzer is not installed: make fuzz")


async def told_by_the_fuzzer(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """How it ended, and all that it said."""
    fuzzer = await asyncio.create_subprocess_exec(
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests" / "doubles"), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await fuzzer.communicate())[0].decode()
    return fuzzer.returncode or 0, told


def check_cases(told: str) -> None:
    generated = GENERATED.search(told)
    assert generated is not None, told[-6000:]
    print(generated[0])
    assert int(generated[1].replace(",", "")) >= CASES, told[-3000:]


@installed
@pytest.mark.timeout(3600)
async def test_odd_requests_get_known_answers(database_url: str, tmp_path: Path):
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    settings = reader_settings(database_url, query_timeout=20, **OPEN_WIDE)
    async with whole_reader(settings, knowledge) as url:
        status, told = await told_by_the_fuzzer(
            tmp_path, *command(url, make_key(database_url, "default", "admin")),
            SCHEMATHESIS_HOOKS="fuzz_hooks",
        )  # fmt: skip
    assert status == 0, told[-12_000:]
    check_cases(told)


@installed
@pytest.mark.timeout(3600)
async def test_odd_requests_of_a_tenant_reach_nothing_of_another(database_url: str, tmp_path: Path):
    """B's admin, with every id of A's that a path can name: nothing is told, and nothing changes."""
    async with tenant(database_url, "a") as a:
        admin = make_key(database_url, "a", "admin", name=CANARY)
        ids = await furnish(database_url, a, admin)
    before = json.loads(standing(database_url))[0]  # B's runs have states of their own
    settings = reader_settings(database_url, workspace_id="b", query_timeout=20, **OPEN_WIDE)
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    async with whole_reader(settings, knowledge) as url:
        status, told = await told_by_the_fuzzer(
            tmp_path,
            *command(url, make_key(database_url, "b", "admin", name="eve"), f"{CHECKS},{NO_LEAK}"),
            SCHEMATHESIS_HOOKS="fuzz_strangers", STRANGERS_IDS=json.dumps(ids),
            STRANGERS_CANARY=CANARY,
        )  # fmt: skip
    assert status == 0, told[-12_000:]
    check_cases(told)
    assert json.loads(standing(database_url))[0] == before
