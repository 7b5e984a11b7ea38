"""The whole stack as real processes on a knowledge repository of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.doubles.git_repository import GitRepository
from tests.doubles.going_without import go_without

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60_000
GARDEN = """---
title: Watering
tags: [garden]
---

# Watering

## Tomatoes

Tomatoes want two litres of water every second day, given in the morning at the root.

## Basil

Basil is watered from below and never in the evening.
"""
GARDEN_GOLDEN = """questions:
  - question: How much water do tomatoes want?
    path: watering.md
"""
KITCHEN = """# Storing food

## Cheese

Hard cheese keeps for six weeks in the fridge when it is wrapped in paper.

## Bread

Bread keeps for three days in a clay pot, and never in the fridge.
"""


@dataclass(frozen=True)
class Stack:
    """A running stack, and how to type commands at it."""

    home: Path
    repository: GitRepository
    environment: dict[str, str]
    api_url: str
    dagster_url: str

    def kb(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "kb", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done

    def kb_json(self, *arguments: str, check: bool = True) -> Any:
        return json.loads(self.kb(*arguments, "--json", check=check).stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what: Callable[[], Any], *, seconds: float = 180, every: float = 0.5) -> Any:
    """Return the first true value; a limit, not a pause for luck."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(every)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run this folder first, beside the unit tests: it waits as often as it works.

    Last, it would leave a core idle for a quarter of an hour. Unit tests hurry for no clock, and
    what else starts servers comes when the stack is down.
    """
    order = ("tests/end_to_end/", "tests/unit/")
    items.sort(key=lambda item: [not item.nodeid.startswith(one) for one in order])


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser that pages are looked at with."""
    found = shutil.which("chromium")
    if found is None:
        go_without("chromium is not installed", "apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as tools:
        expect.set_options(timeout=PATIENCE)
        running = tools.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    repository = GitRepository(folder / "repository")
    shutil.copytree(ROOT / "knowledge", repository.root / "knowledge")
    repository.write({
        "knowledge/garden/agent.yaml": "purpose: Answers questions about watering plants in the garden.\n",
        "knowledge/garden/watering.md": GARDEN,
        "knowledge/garden/golden.yaml": GARDEN_GOLDEN,
        "knowledge/kitchen/agent.yaml": "purpose: Answers questions about storing food in the kitchen.\n",
        "knowledge/kitchen/storing.md": KITCHEN,
    })  # fmt: skip
    repository.commit("the beginning")
    ports = {name: str(free_port()) for name in ("API_PORT", "DAGSTER_PORT")}
    environment = {
        **{
            key: value
            for key, value in os.environ.items()
            if key not in {"DATABASE_URL", "QDRANT_URL"}
        },
        **ports,
        "KB_HOME": str(folder / "home"),
        "KNOWLEDGE_DIR": str(repository.root / "knowledge"),
        "SENSOR_SECONDS": "5",
    }
    running = Stack(
        folder / "home", repository, environment,
        f"http://127.0.0.1:{ports['API_PORT']}", f"http://127.0.0.1:{ports['DAGSTER_PORT']}",
    )  # fmt: skip
    try:
        running.kb("up", "--detach")
        running.kb("ingest")
        yield running
    finally:
        running.kb("down", check=False)
