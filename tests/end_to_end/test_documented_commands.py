"""Every command that the documentation shows is run as it stands there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ROOT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/approvals.md",
    "docs/dagster.md",
    "docs/operations.md",
    "docs/python.md",
    "docs/triggers.md",
)
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# These would end or rebuild what runs the tests; the fixture and CI run them.
ELSEWHERE = {"kb up --detach", "kb down", "source .venv/bin/activate"}


def blocks(language: str) -> list[str]:
    text = "\n".join((ROOT / page).read_text("utf-8") for page in PAGES)
    return [body for found, body in BLOCK.findall(text) if found == language]


def commands(program: str) -> list[str]:
    lines = {line.strip() for block in blocks("sh") for line in block.splitlines()}
    return sorted(
        line for line in lines if line.startswith(f"{program} ") and line not in ELSEWHERE
    )


@pytest.mark.parametrize("line", commands("kb"))
def test_a_command_of_ours_works(stack: Stack, line: str):
    expected = {0, 1} if line == "kb doctor" else {0}
    assert stack.kb(*shlex.split(line)[1:], check=False).returncode in expected


@pytest.mark.parametrize("line", commands("make"))
def test_a_target_of_make_exists(line: str):
    target = shlex.split(line)[1]
    assert re.search(
        rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("program", blocks("python"))
def test_an_example_in_python_runs(stack: Stack, program: str, tmp_path: Path):
    script = tmp_path / "example.py"
    script.write_text(program.replace("Client()", f"Client({stack.api_url!r})"), "utf-8")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_links_lead_somewhere():
    broken = [
        f"{page}: {target}"
        for page in (*PAGES, *(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md")))
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text("utf-8"))
        if not ((ROOT / page).parent / target).exists()
    ]
    assert broken == []
