"""What ingestion costs beside the work that nobody can avoid: `make bench`.

One corpus, one model, one run. The floor is the bare loop that any script has: embed
every chunk's text and nothing else. A script without a ledger pays it again for every change.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_stack import (
    AGENT,
    Repository,
    embeddings_kept,
    servers,
    stack,
    texts_of,
)
from dagster_kb.definitions import build_definitions, embedder_of, ledger_of
from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from dagster_kb.resources.vector_store import batches
from kb.ingestion import Ingested, Ingestion
from kb.writer_access import open_dagster, writer_settings

SECTIONS = 6
# An agent of one page: what a run takes beside its pages.
ALONE = "alone"
SEED = 7
VOCABULARY = (
    "pump valve filter pressure gauge bearing shaft seal motor rotor inspection interval grease torque "
    "spring housing flange gasket leak vibration noise sensor threshold alarm manual backup schedule "
    "operator checks replaces tightens cleans measures records reports opens closes before after every "
    "weekly monthly yearly when unless above below between normal worn broken spare"
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    seconds: float
    cpu: float
    """Processor seconds of this process, its children and the servers: they stay on a busy machine."""
    embedded: int
    note: str = ""


@dataclass(frozen=True)
class Clock:
    """Wall and processor time since it was made."""

    began: float = field(default_factory=time.perf_counter)
    worked: float = field(default_factory=lambda: _processor())

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self.began, _processor() - self.worked


@dataclass(frozen=True)
class Pages:
    """Pages that nobody wrote, in a git repository, shared out among agents."""

    repository: Repository
    documents: int
    agents: Sequence[str]

    def make(self) -> None:
        self.repository.make()
        dice = random.Random(SEED)  # noqa: S311
        for number in range(self.documents):
            self.write(self.page(number), _page(dice, number))
        self.write(self._folder(ALONE) / "page.md", _page(dice, self.documents))
        self.repository.commit("all pages")

    def page(self, number: int) -> Path:
        return self._folder(self.agents[number % len(self.agents)]) / f"page-{number:05d}.md"

    def write(self, page: Path, text: str) -> None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, "utf-8")

    def _folder(self, agent: str) -> Path:
        return self.repository.root / "knowledge" / agent


def _page(dice: random.Random, number: int) -> str:
    sections = (f"## Part {part}\n\n{_paragraph(dice)}\n" for part in range(SECTIONS))
    return f"# Machine {number}\n\n" + "\n".join(sections)


def _paragraph(dice: random.Random) -> str:
    words = VOCABULARY.split()
    sentences = (
        " ".join(dice.choices(words, k=dice.randint(8, 16))).capitalize() + "." for _ in range(8)
    )
    return " ".join(sentences)


@dataclass(frozen=True)
class Bench:
    """Everything that is timed, on a model that is loaded."""

    pages: Pages
    ledger: Ledger
    embedder: SentenceEmbedder
    ingestion: Ingestion

    def rows(self) -> list[Row]:
        pages = self.pages.documents
        alone = self._ingest("one page, first", [ALONE], "what an agent costs whatever its size")
        first = self._ingest(
            "first ingest of everything", self.pages.agents,
            f"{pages} documents in {len(self.pages.agents)} agents",
        )  # fmt: skip
        texts = [one for agent in self.pages.agents for one in texts_of(self.ledger, agent)]
        seconds, cpu = min(self._floor(texts) for _ in range(2))
        return [
            Row("floor: embed every chunk", seconds, cpu, len(texts), "better of two"),
            first,
            alone,
            self._ingest("again, nothing changed", self.pages.agents, "no commit"),
            self._changed("one file changed", self._edit),
            self._changed("one file renamed", self._rename),
            self._changed("one file removed", lambda: self.pages.page(2).unlink()),
        ]

    def _floor(self, texts: list[str]) -> tuple[float, float]:
        clock = Clock()
        with self.embedder.lanes(len(texts)) as lanes:
            for one in [lanes.submit(part) for part in batches(texts, TEXTS_IN_A_COMMIT)]:
                one.result()
        return clock.read()

    def _changed(self, what: str, change: Callable[[], object]) -> Row:
        change()
        self.pages.repository.commit(what)
        return self._ingest(what, self.pages.agents, "one commit")

    def _edit(self) -> None:
        page = self.pages.page(0)
        page.write_text(page.read_text("utf-8") + "\nThe operator oils it twice.\n", "utf-8")

    def _rename(self) -> None:
        page = self.pages.page(1)
        page.rename(page.with_name("renamed.md"))

    def _ingest(self, what: str, agents: Sequence[str], note: str) -> Row:
        before, clock = embeddings_kept(self.ledger), Clock()
        for agent in agents:
            done: Ingested = self.ingestion.run(agent, uncommitted=False, force=False)
            assert done.ok, done.error
        return Row(what, *clock.read(), embeddings_kept(self.ledger) - before, note)


def _processor() -> float:
    """Of this process, the servers and the children of all of them."""
    total = 0.0
    for root in (psutil.Process(), *servers()):
        for one in (root, *root.children(recursive=True)):
            used = one.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def show(rows: list[Row], runs_on: str) -> None:
    floor = rows[0]
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {runs_on}"
    table = Table(title=f"Ingestion · {busy}", title_justify="left")
    for column in ("what", "seconds", "times floor", "cpu", "times floor", "embedded", ""):
        table.add_column(column, justify="left" if column in {"what", ""} else "right")
    for one in rows:
        table.add_row(
            one.what, f"{one.seconds:.2f}", f"{one.seconds / floor.seconds:.2f}",
            f"{one.cpu:.2f}", f"{one.cpu / floor.cpu:.2f}", str(one.embedded), one.note,
        )  # fmt: skip
    out = Console()
    (out if out.is_terminal else Console(width=120)).print(table)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--documents", type=int, default=1600)
    asked.add_argument("--agents", type=int, default=2)
    chosen = asked.parse_args()
    agents = [f"{AGENT}{number}" for number in range(chosen.agents)]
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        pages = Pages(Repository(home / "repository"), chosen.documents, agents)
        pages.make()
        with stack(home / "home", pages.repository.root / "knowledge"):
            rows, runs_on = measured(pages)
        show(rows, runs_on)


def measured(pages: Pages) -> tuple[list[Row], str]:
    settings = writer_settings()
    ledger, embedder = ledger_of(settings), embedder_of(settings)
    with embedder.lanes(pages.documents * SECTIONS) as lanes:
        # The model is loaded before the clock starts.
        runs_on = f"{lanes.runs_on}, {lanes.processes} process(es)"
    with open_dagster() as instance:
        definitions = build_definitions(settings, embedder=embedder, ledger=ledger)
        rows = Bench(pages, ledger, embedder, Ingestion(definitions, ledger, instance)).rows()
    ledger.database.close()
    embedder.close()
    return rows, runs_on


if __name__ == "__main__":
    main()
