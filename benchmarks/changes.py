"""What a change costs beside the size of the change: `python -m benchmarks.changes`.

Many agents, and a hashing embedder, so that nothing but the pipeline itself is timed, or the model
(`--model`). The floor of each line is measured in the same run: a bare loop that reads the changed
files, embeds every text of theirs and writes as many points, in our own lanes.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.embedded_stack import Repository, make_ready, stack
from benchmarks.ingest import VOCABULARY
from dagster_kb.definitions import build_definitions, ledger_of
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.readers.reading import read_document
from dagster_kb.resources.embedder import Reading, ReadText
from dagster_kb.resources.embedding_lanes import ExecutorLanes
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from dagster_kb.resources.vector_store import BATCH, Point, VectorStore, batches
from dagster_kb.settings import WriterSettings
from kb.ingestion import Ingested, Ingestion
from kb.writer_access import open_dagster, writer_settings
from kb_contract.embedding_space import embedded_text
from tests.doubles.hash_embedder import DIMENSION, HashEmbedder

SEED = 5
SCRATCH = "benchmark_floor"
SECTIONS = 4
TEXTS_IN_A_COMMIT = 32


@dataclass(frozen=True)
class RememberingStore(VectorStore):
    """The real store; it remembers the points that were written."""

    points_written: list[Point] = field(default_factory=list[Point])

    def write(self, collection: str, points: Sequence[Point]) -> None:
        super().write(collection, points)
        self.points_written.extend(points)


@dataclass(frozen=True)
class RememberingLanes:
    """The model's own lanes; they remember what was handed in."""

    lanes: ExecutorLanes
    texts: list[str]

    @property
    def runs_on(self) -> str:
        return self.lanes.runs_on

    @property
    def processes(self) -> int:
        return self.lanes.processes

    @property
    def texts_at_once(self) -> int:
        return self.lanes.texts_at_once

    @property
    def width(self) -> int:
        return self.lanes.width

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        self.texts.extend(texts)
        return self.lanes.submit(texts)

    def read(self, questions: Sequence[str]) -> Future[list[ReadText]]:
        return self.lanes.read(questions)  # of gates, which are no texts of a document


class RememberingModel(SentenceEmbedder):
    """The real model; it remembers the texts that were embedded."""

    def __init__(self, settings: WriterSettings) -> None:
        super().__init__(settings.embedding_model, cache=settings.embedding_cache.expanduser())
        self.texts: list[str] = []

    @contextmanager
    def lanes(self, texts: int) -> Generator[RememberingLanes]:  # pyright: ignore[reportIncompatibleMethodOverride]
        with super().lanes(texts) as lanes:
            yield RememberingLanes(lanes, self.texts)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    agents: int
    seconds: float
    cpu: float
    """Processor seconds of this process and its children."""
    embedded: int
    written: int
    floor_seconds: float
    floor_cpu: float


@dataclass(frozen=True)
class Clock:
    """Wall and processor time since it was made."""

    began: float = field(default_factory=time.perf_counter)
    worked: float = field(default_factory=lambda: processor())

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self.began, processor() - self.worked


def processor() -> float:
    me = psutil.Process()
    used = [one.cpu_times() for one in (me, *me.children(recursive=True))]
    return sum(one.user + one.system + one.children_user + one.children_system for one in used)


@dataclass(frozen=True)
class Changes:
    """Makes changes, has them ingested, and times both that and the floor."""

    repository: Repository
    ingestion: Ingestion
    store: RememberingStore
    embedder: HashEmbedder | RememberingModel
    files: int
    agents: int
    dice: random.Random

    def rows(self) -> list[Row]:
        everyone = [self._agent(number) for number in range(self.agents)]
        first = [self._write(number) for number in range(self.files)]
        rows = [self._row("first ingest of everything", everyone, first)]
        rows.append(self._row("nothing changed", everyone, []))
        # A step that is no multiple of the number of agents reaches all of them.
        edited = [self._edit(number) for number in range(0, self.files - 1, 101)]
        touched = sorted({path.parent.parent.name for path in edited})
        rows.append(self._row("1 % of the files edited", touched, edited))
        one = [self._edit(1)]
        rows.append(self._row("one file edited", [one[0].parent.parent.name], one))
        old = self._page(2)
        old.rename(old.with_name("renamed.md"))
        rows.append(self._row("one file renamed", [old.parent.parent.name], []))
        added = [self._write(number, "added") for number in range(self.files // self.agents)]
        rows.append(self._row("an agent added", ["added"], added))
        rows.append(self._row("nothing changed", [*everyone, "added"], []))
        return rows

    def _agent(self, number: int) -> str:
        return f"agent{number % self.agents:02d}"

    def _page(self, number: int, agent: str = "") -> Path:
        folder = self.repository.root / "knowledge" / (agent or self._agent(number))
        return folder / f"part{number % 7}" / f"page-{number:05d}.md"

    def _write(self, number: int, agent: str = "") -> Path:
        page = self._page(number, agent)
        page.parent.mkdir(parents=True, exist_ok=True)
        sections = (f"## Part {part}\n\n{self._paragraph()}\n" for part in range(SECTIONS))
        page.write_text(f"# Page {number}\n\n" + "\n".join(sections), "utf-8")
        return page

    def _edit(self, number: int) -> Path:
        page = self._page(number)
        page.write_text(page.read_text("utf-8") + f"\n{self._paragraph()}\n", "utf-8")
        return page

    def _paragraph(self) -> str:
        return " ".join(self.dice.choices(VOCABULARY.split(), k=60)).capitalize() + "."

    def _row(self, what: str, agents: Sequence[str], changed: Sequence[Path]) -> Row:
        seconds, cpu = self._ingested(agents, changed)
        embedded, points = len(self.embedder.texts), list(self.store.points_written)
        floor_seconds, floor_cpu = self._floor(changed, points)
        return Row(what, len(agents), seconds, cpu, embedded, len(points), floor_seconds, floor_cpu)

    def _ingested(self, agents: Sequence[str], changed: Sequence[Path]) -> tuple[float, float]:
        self.repository.commit(f"{len(changed)} files")
        self.embedder.texts.clear()
        self.store.points_written.clear()
        clock = Clock()
        for done in self.ingestion.side_by_side(self._run, agents):
            assert done.ok, done.error
        return clock.read()

    def _run(self, agent: str) -> Ingested:
        return self.ingestion.run(agent, uncommitted=False, force=False)

    def _floor(self, changed: Sequence[Path], points: Sequence[Point]) -> tuple[float, float]:
        self.store.recreate(SCRATCH, DIMENSION)
        clock = Clock()
        texts = [text for page in changed for text in self._texts(page)]
        with self.embedder.lanes(len(texts)) as lanes:
            for one in [lanes.submit(part) for part in batches(texts, TEXTS_IN_A_COMMIT)]:
                one.result()
        for written in batches(points[: len(texts)], BATCH):
            VectorStore.write(self.store, SCRATCH, written)
        floor = clock.read()
        self.store.drop(SCRATCH)
        return floor

    def _texts(self, page: Path) -> list[str]:
        read = read_document(page.name, page.read_bytes(), count_tokens=self.embedder.count_tokens)
        return [
            embedded_text(read.title, tuple(one.heading_path), one.text, one.context)
            for one in read.chunks
        ]


def show(rows: Sequence[Row], files: int) -> None:
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"Changes of {files} files · {busy}", title_justify="left")
    heads = ("what", "agents run", "seconds", "each", "cpu", "embedded", "written", "floor s",
             "floor cpu", "times floor", "times cpu")  # fmt: skip
    for column in heads:
        table.add_column(column, justify="left" if column == "what" else "right")
    for one in rows:
        times = f"{one.seconds / one.floor_seconds:.1f}" if one.embedded and one.floor_cpu else ""
        times_cpu = f"{one.cpu / one.floor_cpu:.1f}" if one.floor_cpu else ""
        table.add_row(
            one.what, str(one.agents), f"{one.seconds:.2f}", f"{one.seconds / one.agents:.2f}",
            f"{one.cpu:.2f}", str(one.embedded), str(one.written), f"{one.floor_seconds:.2f}",
            f"{one.floor_cpu:.2f}", times, times_cpu,
        )  # fmt: skip
    out = Console()
    (out if out.is_terminal else Console(width=150)).print(table)


def measured(home: Path, files: int, agents: int, *, model: bool) -> list[Row]:
    repository = Repository(home / "repository")
    repository.make()
    with stack(home / "home", repository.root / "knowledge"):
        settings = writer_settings()
        ledger = ledger_of(settings)
        embedder = RememberingModel(settings) if model else HashEmbedder()
        key = settings.qdrant_api_key
        store = RememberingStore(settings.qdrant_url, key.get_secret_value() if key else None)
        with open_dagster() as instance:
            parsing = ParsingChildren(embedder, stays=True)
            definitions = build_definitions(
                settings, embedder=embedder, ledger=ledger, store=store, parsing=parsing
            )
            ingestion = Ingestion(definitions, ledger, instance)
            if isinstance(embedder, RememberingModel):  # once for a command, so on no line's clock
                started, runs_on = make_ready(embedder, files * SECTIONS)
                print(f"{runs_on}, ready in {started:.1f} s")
            rows = Changes(
                repository, ingestion, store, embedder, files, agents,
                random.Random(SEED),  # noqa: S311
            ).rows()  # fmt: skip
            parsing.close()
            if isinstance(embedder, RememberingModel):
                embedder.close()
        ledger.database.close()
        return rows


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=5000)
    asked.add_argument("--agents", type=int, default=20)
    asked.add_argument("--model", action="store_true", help="the real model, not a free one")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # as root, Postgres runs under another account
        show(measured(home, chosen.files, chosen.agents, model=chosen.model), chosen.files)


if __name__ == "__main__":
    main()
