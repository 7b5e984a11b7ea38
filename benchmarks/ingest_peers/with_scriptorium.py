"""Ours: a commit, then the whole run with ledger, checks and alias, on real servers."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import psutil
from qdrant_client import QdrantClient

from benchmarks.embedded_stack import AGENT, Repository, embeddings_kept, servers, stack, texts_of
from benchmarks.ingest_peers.plain_loop import ways
from benchmarks.ingest_peers.protocol import FIRST, Step, compete, cpu_seconds, given
from dagster_kb.definitions import build_definitions, ledger_of
from dagster_kb.described_parts import sentence_embedder_of
from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT
from dagster_kb.resources.sentence_embedder import SentenceEmbedder
from kb.ingestion import Ingestion
from kb.writer_access import open_dagster, writer_settings
from kb_contract.identifiers import production_alias

NAME = "Scriptorium"
AGENT_YAML = f"agent_id: {AGENT}\ntitle: Bench\npurpose: Is measured.\n"


class Scriptorium:
    """Opens its model at the first ingest; what its servers work is counted as its own."""

    def __init__(self, repository: Repository, ingestion: Ingestion, embedder: SentenceEmbedder):
        self.repository = repository
        self.ingestion = ingestion
        self.embedder = embedder
        settings = writer_settings()
        self.client = QdrantClient(
            url=settings.qdrant_url, check_compatibility=False,
            api_key=settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None,
        )  # fmt: skip
        self.alias = production_alias(settings.workspace_id, AGENT)

    def ingest(self, documents: Mapping[str, str]) -> None:
        folder = self.repository.folder
        shutil.rmtree(folder)
        for path, text in {**documents, "agent.yaml": AGENT_YAML}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        self.repository.commit("as it is now")
        done = self.ingestion.run(AGENT, uncommitted=False, force=False)
        assert done.ok, done.error
        for one in done.quarantined:
            print("quarantined:", one["path"], one["reason"], file=sys.stderr)

    def points(self) -> Iterator[tuple[str, str]]:
        offset = None
        before = f"knowledge/{AGENT}/"
        while True:
            found, offset = self.client.scroll(self.alias, limit=1000, offset=offset)
            for one in found:
                said = one.payload or {}
                yield said["metadata"]["path"].removeprefix(before), said["text_chunk"]
            if offset is None:
                return

    def search(self, question: str) -> Sequence[str]:
        vector = self.embedder.embed([question])[0].tolist()
        found = self.client.query_points(self.alias, query=vector, using="dense", limit=30).points
        paths = [(one.payload or {})["metadata"]["path"] for one in found]
        return [one.removeprefix(f"knowledge/{AGENT}/") for one in paths]

    def embedded(self) -> int:
        return embeddings_kept(self.ingestion.ledger)

    def servers(self) -> Sequence[psutil.Process]:
        return servers()

    def bare_loop(self) -> Step:
        """The same texts through a model that starts anew, and nothing else."""
        texts = texts_of(self.ingestion.ledger)
        self.embedder.close()
        worked, began = cpu_seconds(self), time.perf_counter()
        with self.embedder.lanes(len(texts)) as lanes:
            parts = [
                texts[at : at + TEXTS_IN_A_COMMIT] for at in range(0, len(texts), TEXTS_IN_A_COMMIT)
            ]
            for one in [lanes.submit(part) for part in parts]:
                one.result()
        wall = time.perf_counter() - began
        self.embedder.close()
        return Step(
            contestant="bare embed loop of ours", step=FIRST, wall=round(wall, 2),
            cpu=round(cpu_seconds(self) - worked, 2), embedded=len(texts), points=0, stale=0, doubled=0,
        )  # fmt: skip


def plain_loops(texts: list[str], folder: Path, out: Path) -> None:
    """What an outsider's loop takes for the same texts, each way in a process of its own."""
    told = folder / "texts.json"
    told.write_text(json.dumps(texts), "utf-8")
    everywhere = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    for way in ways():
        command = [sys.executable, "-m", "benchmarks.ingest_peers.plain_loop", told, out, *way]
        subprocess.run(command, check=True, stdout=sys.stderr, env=everywhere)


def main() -> None:
    corpus, out = given()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        # As root, Postgres runs under another account, which has to come in here.
        home.chmod(0o755)
        repository = Repository(home / "repository")
        repository.make()
        with stack(home / "home", repository.root / "knowledge"):
            settings = writer_settings()
            ledger, embedder = ledger_of(settings), sentence_embedder_of(settings)
            with open_dagster() as instance:
                definitions = build_definitions(settings, embedder=embedder, ledger=ledger)
                ours = Scriptorium(repository, Ingestion(definitions, ledger, instance), embedder)
                compete(NAME, ours, corpus, out)
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(ours.bare_loop())) + "\n")
            texts = texts_of(ledger)
            ledger.database.close()
        plain_loops(texts, home, out)


if __name__ == "__main__":
    sys.exit(main())
