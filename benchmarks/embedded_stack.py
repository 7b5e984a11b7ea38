"""Postgres, Qdrant and Dagster's storage for one benchmark alone, and a git repository to ingest."""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from kb.settings import load_settings
from kb.state_file import read_state
from kb_contract.embedding_space import embedded_text

AGENT = "bench"
OTHERS = {"DATABASE_URL", "QDRANT_URL", "API_URL"}


@dataclass(frozen=True)
class Repository:
    """A git repository with one agent."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "knowledge" / AGENT

    def make(self) -> None:
        self.folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)

    def _git(self, *arguments: str) -> None:
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True)


@contextmanager
def stack(home: Path, knowledge: Path) -> Generator[None]:
    """Run the embedded servers for this process alone; it finds them as any command does."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    os.environ.clear()
    os.environ.update(kept, KB_HOME=str(home), KNOWLEDGE_DIR=str(knowledge))
    command = [sys.executable, "-m", "kb"]
    try:
        subprocess.run([*command, "up", "--detach", "--only", "qdrant,dagster-storage"],
                       check=True, stdout=sys.stderr)  # fmt: skip
        yield
    finally:
        subprocess.run([*command, "down"], check=True, stdout=sys.stderr)


def servers() -> list[psutil.Process]:
    """Postgres and Qdrant of this benchmark, as children of what looks after them."""
    pid = read_state(load_settings().home).supervisor_pid
    return [psutil.Process(pid)] if pid else []


def make_ready(embedder: SentenceEmbedder, texts: int) -> tuple[float, str]:
    """Start what embeds so many texts, in every process; returns how long that took, and what it is."""
    began = time.perf_counter()
    with embedder.lanes(texts) as lanes:
        for one in [lanes.submit(["ready"] * 32) for _ in range(2 * lanes.width)]:
            one.result()
        return time.perf_counter() - began, f"{lanes.runs_on}, {lanes.processes} process(es)"


def texts_of(ledger: Ledger, agent: str = AGENT) -> list[str]:
    """What was embedded for the live generation, as the ledger keeps it; the longest first."""
    live = ledger.generations.live(agent)
    assert live is not None
    with ledger.database.transaction() as connection:
        rows = connection.execute(
            "select distinct d.title, c.heading_path, c.text, c.context, c.tokens "
            "from kb.generation_chunks g join kb.chunks c using (document_id, chunk_index) "
            "join kb.documents d using (document_id) where g.generation_id = %s "
            "order by c.tokens desc",
            (live.generation_id,),
        ).fetchall()
    return [
        embedded_text(one["title"], tuple(one["heading_path"]), one["text"], one["context"])
        for one in rows
    ]


def embeddings_kept(ledger: Ledger) -> int:
    """How many texts were ever embedded."""
    with ledger.database.transaction() as connection:
        row = connection.execute("select count(*) as n from kb.embeddings").fetchone()
    return row["n"] if row else 0
