"""What ingestion costs beside the work that nobody can avoid: `make bench`.

One corpus, one model, one run. The floor is the bare loop that any script has: embed every chunk's
text and nothing else; once as we embed, and once as anybody would write it, in bfloat16 where the
CPU computes in it, with its model ready. A script without a ledger pays it again for every change.
"""

import argparse
import json
import os
import random
import subprocess
import sys
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
    make_ready,
    servers,
    stack,
    texts_of,
)
from benchmarks.ingest_peers.corpus import from_folder
from dagster_kb.definitions import build_definitions, ledger_of
from dagster_kb.described_parts import sentence_embedder_of
from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from dagster_kb.resources.vector_store import batches
from kb.ingestion import Ingested, Ingestion
from kb.writer_access import open_dagster, writer_settings
from kb_contract.sentence_models.torch_model import computes_in_bfloat16, load
from kb_contract.sentence_models.vectors import unit_rows

SECTIONS = 6
# An agent of one page: what a run takes beside its pages.
ALONE = "alone"
SEED = 7
# Texts whose vectors are held against the library's.
COMPARED = 256
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
    """Pages in a git repository, shared out among agents; nobody wrote them, unless there is a corpus."""

    repository: Repository
    documents: int
    agents: Sequence[str]
    corpus: Sequence[str] = ()

    def make(self) -> None:
        self.repository.make()
        dice = random.Random(SEED)  # noqa: S311
        for number in range(self.documents):
            text = self.corpus[number] if self.corpus else _page(dice, number)
            self.write(self.page(number), text)
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
            Row("floor: embed every chunk, as we do", seconds, cpu, len(texts), "better of two"),
            plain_floor(texts),
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

    def nearness(self) -> float:
        """Say how near our vectors are to those of the library in float32: the least cosine of some texts."""
        texts = [one for agent in self.pages.agents for one in texts_of(self.ledger, agent)]
        with self.embedder.lanes(len(texts)) as lanes:
            ours = lanes.submit(texts[:COMPARED]).result().vectors
        library = load(self.embedder.files, "float32", 1)
        theirs = unit_rows(library.encode(texts[:COMPARED], show_progress_bar=False))
        return float((ours * theirs).sum(axis=1).min())

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
        for done in self.ingestion.side_by_side(self._run, agents):
            assert done.ok, done.error
        return Row(what, *clock.read(), embeddings_kept(self.ledger) - before, note)

    def _run(self, agent: str) -> Ingested:
        return self.ingestion.run(agent, uncommitted=False, force=False)


def plain_floor(texts: list[str]) -> Row:
    """`SentenceTransformer.encode` of the same weights, in a process of its own with all cores."""
    everywhere = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    with tempfile.TemporaryDirectory(prefix="kb-plain-") as folder:
        given, out = Path(folder) / "texts.json", Path(folder) / "out.jsonl"
        given.write_text(json.dumps(texts), "utf-8")
        way = ("bfloat16" if computes_in_bfloat16() else "float32", "together", "ready")
        command = [sys.executable, "-m", "benchmarks.ingest_peers.plain_loop", given, out, *way]
        subprocess.run(command, check=True, stdout=sys.stderr, env=everywhere)
        told = json.loads(out.read_text("utf-8"))
    return Row("floor: a plain loop", told["wall"], told["cpu"], len(texts), ", ".join(way))


def _processor() -> float:
    """Of this process, the servers and the children of all of them."""
    total = 0.0
    for root in (psutil.Process(), *servers()):
        for one in (root, *root.children(recursive=True)):
            used = one.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def show(rows: list[Row], runs_on: str) -> None:
    ours, plain = rows[:2]
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {runs_on}"
    table = Table(title=f"Ingestion · {busy}", title_justify="left")
    heads = ("what", "seconds", "times ours", "times plain", "cpu", "times ours", "times plain",
             "embedded", "")  # fmt: skip
    for column in heads:
        table.add_column(column, justify="left" if column in {"what", ""} else "right")
    for one in rows:
        table.add_row(
            one.what, f"{one.seconds:.2f}", f"{one.seconds / ours.seconds:.2f}",
            f"{one.seconds / plain.seconds:.2f}", f"{one.cpu:.2f}", f"{one.cpu / ours.cpu:.2f}",
            f"{one.cpu / plain.cpu:.2f}", str(one.embedded), one.note,
        )  # fmt: skip
    out = Console()
    (out if out.is_terminal else Console(width=150)).print(table)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--documents", type=int, default=1600)
    asked.add_argument("--agents", type=int, default=2)
    asked.add_argument("--corpus", type=Path, help="folder of Markdown instead of made pages")
    chosen = asked.parse_args()
    corpus = from_folder(chosen.corpus, chosen.documents).documents if chosen.corpus else {}
    agents = [f"{AGENT}{number}" for number in range(chosen.agents)]
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        pages = Pages(
            Repository(home / "repository"), len(corpus) or chosen.documents, agents,
            list(corpus.values()),
        )  # fmt: skip
        pages.make()
        with stack(home / "home", pages.repository.root / "knowledge"):
            rows, runs_on = measured(pages)
        show(rows, runs_on)


def measured(pages: Pages) -> tuple[list[Row], str]:
    settings = writer_settings()
    ledger, embedder = ledger_of(settings), sentence_embedder_of(settings)
    # Before the clock starts, for the floor and for us: it is once for a command, whatever it ingests.
    started, runs_on = make_ready(embedder, pages.documents * SECTIONS)
    with open_dagster() as instance:
        parsing = ParsingChildren(embedder, stays=True)  # as in the command
        definitions = build_definitions(settings, embedder=embedder, ledger=ledger, parsing=parsing)
        bench = Bench(pages, ledger, embedder, Ingestion(definitions, ledger, instance))
        rows, near = bench.rows(), bench.nearness()
        parsing.close()
    ledger.database.close()
    embedder.close()
    said = f"cosine with float32 {near:.6f} or more"
    return rows, f"{runs_on}, ready in {started:.1f} s, {said}"


if __name__ == "__main__":
    main()
