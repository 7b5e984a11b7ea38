"""A writer in a process of its own that says what it took: memory at most, its children's too."""

import json
import random
import resource
import subprocess
import sys
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dagster_kb.intake.parsing_child import Asked, Reading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.resources.embedder import Vectors
from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import DIMENSION, HashEmbedder
from tests.doubles.writer_world import WriterWorld, why

ROOT = Path(__file__).parents[2]
_WORDS = [f"word{number}" for number in range(4000)]


@dataclass(frozen=True)
class Taken:
    """Megabytes, at most."""

    writer: float
    reader: float
    """The largest of the processes that read documents."""
    chunks: int


class MeasuringChildren(ParsingChildren):
    """The real children; they remember the most that one of them took."""

    most: int = 0

    def read_all(self, asked: Iterable[Asked], *, expected: int) -> Generator[Reading]:
        for reading in super().read_all(asked, expected=expected):
            self.most = max(self.most, reading.peak_bytes)
            yield reading


class ForgetfulEmbedder(HashEmbedder):
    """Counts texts and keeps none of them."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.warmed.append(len(texts))
        found = np.stack([_vector(text) for text in texts])
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def _vector(text: str) -> Vectors:
    lot = np.random.default_rng(zlib.crc32(text.encode()))
    return lot.standard_normal(DIMENSION, dtype=np.float32)


def pages(documents: int, letters: int, seed: int = 3) -> Iterator[tuple[str, str]]:
    """Pages of made-up words, no two alike."""
    lot = random.Random(seed)
    for number in range(documents):
        lines, size = [f"# Page {number}\n"], 0
        while size < letters:
            lines.append(" ".join(lot.choices(_WORDS, k=60)) + ".\n")
            size += len(lines[-1])
        yield f"page{number}.md", "\n".join(lines)


def measured(place: Place, chunk_tokens: int) -> Taken:
    """Ingest in a process of its own that was nothing before."""
    given = json.dumps([str(place.repository), place.database_url, place.qdrant_url, place.agent])
    done = subprocess.run(
        [sys.executable, "-m", "tests.doubles.measured_writer", given, str(chunk_tokens)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _ingest(given: str, chunk_tokens: str) -> None:
    repository, database_url, qdrant_url, agent = json.loads(given)
    parsing = MeasuringChildren(HashEmbedder())
    world = WriterWorld(
        GitRepository(Path(repository)), database_url, qdrant_url, agent, parsing=parsing,
        embedder=ForgetfulEmbedder(), chunk_tokens=int(chunk_tokens),
    )  # fmt: skip
    result = world.ingest()
    assert result.success, why(result)
    parsing.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts kilobytes
    taken = Taken(most / 1e6, parsing.most / 1e6, world.live().chunks)
    sys.stdout.write(f"\n{json.dumps(vars(taken))}\n")


if __name__ == "__main__":
    _ingest(*sys.argv[1:])
