"""Importing opens nothing and loads no model; `kb --help` pays for nothing it does not use."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "torch",
    "litellm",
    "dagster",
    "sentence_transformers",
    "transformers",
    "langgraph",
    "qdrant_client",
}
# A connection, a model or a settings file that an import touches shows up as one of these events.
# (Third parties probe at import whether the machine has IPv6: a bind, and no connection.)
WATCH = """
import sys
events = []
def hook(event, args):
    if event in ("socket.connect", "psycopg.connect", "sqlite3.connect"):
        events.append(event)
    if event == "open" and str(args[0]).endswith((".safetensors", ".onnx", ".env")):
        events.append("open " + str(args[0]))
sys.addaudithook(hook)
import MODULE
print(events)
"""


def imported_by(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    names = (line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if "|" in line)
    return {name.split(".")[0] for name in names}


def test_help_imports_no_heavy_package():
    assert imported_by("-m", "kb", "--help") & HEAVY == set()


@pytest.mark.parametrize("module", ["graph.entrypoint", "kb", "dagster_kb.definitions"])
def test_importing_opens_nothing(module: str):
    done = subprocess.run(
        [sys.executable, "-c", WATCH.replace("MODULE", module)],
        cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_reader_imports_neither_model_nor_writer():
    assert imported_by("-c", "import graph.entrypoint") & {
        "torch", "litellm", "dagster", "dagster_kb", "sentence_transformers",
    } == set()  # fmt: skip
