"""Questions that come as people ask them, few of them often, with and without the answer cache.

    python -m benchmarks.answer_cache [REQUESTS] [--provider]

Requests are drawn by Zipf's law from the groups of wordings in tests/unit/same_questions; each asks in
any of its group's wordings. The whole graph answers with the real embedding model, offline: no provider, so
what a hit saves is the least that it can save. With --provider a chat model on loopback words the answers,
at the pace of a real one.
"""

import asyncio
import contextlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_stack import AGENT, Repository, stack
from benchmarks.timed_provider import timed_provider
from graph.entrypoint import build_graph, gateways_of
from kb.reader_process import reader_settings

GROUPS = Path(__file__).parents[1] / "tests/unit/same_questions/groups.txt"
REQUESTS = 400
ZIPF = 1.0
SEED = 11
HOW = "title: Handbook\nretrieval: {limit: 5, threshold: 0.2}\ngate: {canary: 'off'}\n"


@dataclass(frozen=True)
class Asked:
    """One request: of which group, how long it took, and where its answer came from."""

    group: int
    question: str
    seconds: float
    status: str
    hit: str
    of_group: int


def main() -> None:
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    wanted = numbers[0] if numbers else REQUESTS
    provider = timed_provider() if "--provider" in sys.argv else contextlib.nullcontext("")
    groups = [line.split(" | ") for line in GROUPS.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        repository = Repository(home / "repository")
        repository.make()
        _write(repository, groups)
        with stack(home / "home", repository.root / "knowledge"), provider as api_base:
            models = _models_file(home, api_base) if api_base else {}
            command = [sys.executable, "-m", "kb", "ingest", "--agent", AGENT]
            subprocess.run(command, check=True, stdout=sys.stderr)
            without = asyncio.run(_measured(groups, wanted, models, cached=False))
            with_it = asyncio.run(_measured(groups, wanted, models, cached=True))
    _show(without, with_it)


def _write(repository: Repository, groups: Sequence[Sequence[str]]) -> None:
    (repository.folder / "agent.yaml").write_text(HOW, "utf-8")
    for number, wordings in enumerate(groups):
        asked = wordings[0].rstrip("?. ")
        page = (
            f"# {asked}\n\nNote {number} of the handbook settles {asked[0].lower()}{asked[1:]}.\n"
        )
        (repository.folder / f"note-{number:03d}.md").write_text(page, "utf-8")
    repository.commit("notes")


def _models_file(home: Path, api_base: str) -> dict[str, Any]:
    one = {"model": "openai/timed", "api_base": api_base, "api_key": "none", "max_tokens": 500}
    file = home / "models.yaml"
    file.write_text(yaml.safe_dump({"profiles": {"timed": {"primary": one}}}), "utf-8")
    return {"llm_profile": "timed", "llm_profiles": str(file)}


async def _measured(
    groups: Sequence[Sequence[str]], wanted: int, models: dict[str, Any], *, cached: bool
) -> list[Asked]:
    settings = reader_settings().model_copy(
        update={"result_cache_ttl": 3600.0 if cached else 0.0, **models}
    )
    gateways = gateways_of(settings)
    graph = build_graph(settings, gateways=gateways)
    dice = random.Random(SEED)  # noqa: S311 - a benchmark draws the same every time
    weights = [1 / rank**ZIPF for rank in range(1, len(groups) + 1)]
    known = {one.strip(): number for number, group in enumerate(groups) for one in group}
    await graph.ainvoke({"question": "What is a note?"}, _thread())  # everything is loaded
    asked: list[Asked] = []
    for group in dice.choices(range(len(groups)), weights, k=wanted):
        question = dice.choice(groups[group]).strip()
        began = time.perf_counter()
        done: dict[str, Any] = await graph.ainvoke({"question": question}, _thread())
        about = done["cache"] if done["cached"] else {}
        asked.append(
            Asked(group, question, time.perf_counter() - began, _status(done), about.get("hit", ""),
                  known.get(about.get("question", ""), group))
        )  # fmt: skip
    await gateways.close()
    return asked


def _status(done: dict[str, Any]) -> str:
    """A run that asks a person what is meant, or for leave, has no status yet."""
    return "waits for a person" if "__interrupt__" in done else done["status"]


def _thread() -> Any:
    return {"configurable": {"thread_id": uuid.uuid4().hex}}


def _show(without: Sequence[Asked], with_it: Sequence[Asked]) -> None:
    table = Table(
        "", "requests", "completed", "hits", "other words", "false", "median ms", "p95 ms"
    )
    for name, rows in (("without", without), ("with", with_it)):
        hits = [one for one in rows if one.hit]
        times = sorted(1000 * one.seconds for one in rows)
        table.add_row(
            name, str(len(rows)), f"{sum(one.status == 'completed' for one in rows) / len(rows):.0%}",
            f"{len(hits) / len(rows):.0%}", f"{sum(one.hit == 'similar' for one in hits) / len(rows):.0%}",
            str(sum(one.of_group != one.group for one in hits)),
            f"{statistics.median(times):.1f}", f"{times[int(0.95 * len(times))]:.1f}",
        )  # fmt: skip
    hit = statistics.median(1000 * one.seconds for one in with_it if one.hit)
    out = Console(width=120)
    out.print(table)
    for name, rows in (("without", without), ("with", with_it)):
        others = Counter((one.status, one.question) for one in rows if one.status != "completed")
        for (status, question), often in others.most_common():
            out.print(f"{name} the cache, {often} times {status}: {question}", markup=False)
    out.print(f"a hit takes {hit:.1f} ms in the median")


if __name__ == "__main__":
    main()
