"""What ingestion costs beside the work that nobody can avoid: `make bench`.

One corpus, one model, one process, one run. The floor is the bare loop that any script has: embed
every chunk's text and nothing else. A script without a ledger pays it again for every change.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dagster_kb.definitions import build_definitions, ledger_of
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from kb.ingestion import Ingested, Ingestion
from kb.writer_access import open_dagster, writer_settings
from kb_contract.embedding_space import embedded_text

AGENT = "bench"
DOCUMENTS = 80
SECTIONS = 6
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
    """Processor seconds of this process: they stay the same on a busy machine."""
    embedded: int
    note: str = ""


@dataclass(frozen=True)
class Corpus:
    """A git repository with one agent whose pages nobody wrote."""

    root: Path

    def make(self) -> None:
        self._git("init", "--quiet", "--initial-branch=main")
        dice = random.Random(SEED)  # noqa: S311
        for number in range(DOCUMENTS):
            self.page(number).parent.mkdir(parents=True, exist_ok=True)
            self.page(number).write_text(_page(dice, number), "utf-8")
        self.commit("all pages")

    def page(self, number: int) -> Path:
        return self.root / "knowledge" / AGENT / f"page-{number:04d}.md"

    def commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True)


def _page(dice: random.Random, number: int) -> str:
    sections = (f"## Part {part}\n\n{_paragraph(dice)}\n" for part in range(SECTIONS))
    return f"# Machine {number}\n\n" + "\n".join(sections)


def _paragraph(dice: random.Random) -> str:
    words = VOCABULARY.split()
    sentences = (
        " ".join(dice.choices(words, k=dice.randint(8, 16))).capitalize() + "." for _ in range(8)
    )
    return " ".join(sentences)


@contextmanager
def stack(home: Path, knowledge: Path) -> Iterator[None]:
    """The embedded Postgres, Qdrant and Dagster's storage, for this run alone."""
    kept = {name: value for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "QDRANT_URL", "API_URL"}}  # fmt: skip
    os.environ.clear()
    os.environ.update(kept, KB_HOME=str(home), KNOWLEDGE_DIR=str(knowledge))
    command = [sys.executable, "-m", "kb"]
    try:
        subprocess.run([*command, "up", "--detach", "--only", "qdrant,dagster-storage"], check=True)
        yield
    finally:
        subprocess.run([*command, "down"], check=True)


def texts_of(ledger: Ledger) -> list[str]:
    """What was embedded for the live generation, as the ledger keeps it."""
    live = ledger.generations.live(AGENT)
    assert live is not None
    with ledger.database.transaction() as connection:
        rows = connection.execute(
            "select d.title, c.heading_path, c.text from kb.generation_chunks g "
            "join kb.chunks c using (document_id, chunk_index) "
            "join kb.documents d using (document_id) where g.generation_id = %s",
            (live.generation_id,),
        ).fetchall()
    return [embedded_text(one["title"], tuple(one["heading_path"]), one["text"]) for one in rows]


@dataclass(frozen=True)
class Bench:
    """Everything that is timed, on a model that is loaded."""

    corpus: Corpus
    ledger: Ledger
    embedder: SentenceEmbedder
    ingestion: Ingestion

    def rows(self) -> list[Row]:
        first = self._ingest("first ingest of everything", f"{DOCUMENTS} documents")
        texts = texts_of(self.ledger)
        seconds, cpu = min(self._floor(texts) for _ in range(2))
        return [
            Row("floor: embed every chunk", seconds, cpu, len(texts), "better of two"),
            first,
            self._ingest("again, nothing changed", "no commit"),
            self._changed("one file changed", self._edit),
            self._changed("one file renamed", self._rename),
            self._changed("one file removed", lambda: self.corpus.page(2).unlink()),
        ]

    def _floor(self, texts: list[str]) -> tuple[float, float]:
        began, worked = time.perf_counter(), time.process_time()
        self.embedder.embed(texts)
        return time.perf_counter() - began, time.process_time() - worked

    def _changed(self, what: str, change: Callable[[], object]) -> Row:
        change()
        self.corpus.commit(what)
        return self._ingest(what, "one commit")

    def _edit(self) -> None:
        page = self.corpus.page(0)
        page.write_text(page.read_text("utf-8") + "\nThe operator oils it twice.\n", "utf-8")

    def _rename(self) -> None:
        self.corpus.page(1).rename(self.corpus.page(DOCUMENTS))

    def _ingest(self, what: str, note: str) -> Row:
        before, worked = self._embedded(), time.process_time()
        done: Ingested = self.ingestion.run(AGENT, uncommitted=False, force=False)
        assert done.ok, done.error
        worked = time.process_time() - worked
        return Row(what, done.seconds, worked, self._embedded() - before, note)

    def _embedded(self) -> int:
        with self.ledger.database.transaction() as connection:
            row = connection.execute("select count(*) as n from kb.embeddings").fetchone()
        return row["n"] if row else 0


def show(rows: list[Row], threads: int) -> None:
    floor = rows[0]
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, model on {threads} thread(s)"
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
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        corpus = Corpus(home / "repository")
        corpus.root.mkdir()
        corpus.make()
        with stack(home / "home", corpus.root / "knowledge"):
            settings = writer_settings()
            ledger = ledger_of(settings)
            embedder = SentenceEmbedder(settings.embedding_model, settings.embedding_threads)
            embedder.embed(["the model is loaded before the clock starts"])
            with open_dagster() as instance:
                definitions = build_definitions(settings, embedder=embedder, ledger=ledger)
                rows = Bench(
                    corpus, ledger, embedder, Ingestion(definitions, ledger, instance)
                ).rows()
            ledger.database.close()
        show(rows, settings.embedding_threads)


if __name__ == "__main__":
    main()
