"""What anybody would write first: `SentenceTransformer.encode` over the texts, and nothing else.

`python -m benchmarks.ingest_peers.plain_loop TEXTS OUT float32|bfloat16 together|apart cold|ready`: together
is one process with all cores, apart is one process for each. Starting it all is part of it, unless it is ready.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.ingest_peers.protocol import FIRST, Step, weights
from kb_contract.sentence_models.torch_model import computes_in_bfloat16

BATCH: Final = 32


def ways() -> Iterator[tuple[str, str]]:
    """Say how one would write it: in bfloat16 only where the CPU computes in it, else it takes ten times as long."""
    for kind in ("float32", "bfloat16") if computes_in_bfloat16() else ("float32",):
        yield kind, "together"
        yield kind, "apart"


def main(given: Path, out: Path, kind: str, cores: str, start: str = "cold") -> None:
    texts: list[str] = json.loads(given.read_text("utf-8"))
    began, worked = time.perf_counter(), 0.0
    with _loop(kind, cores) as embed:
        if start == "ready":
            embed(texts[: 2 * BATCH])
            began, worked = time.perf_counter(), _worked()
        embed(texts)
        wall = time.perf_counter() - began
    step = Step(
        contestant=f"plain loop, {kind}, cores {cores}", step=FIRST,
        wall=round(wall, 2), cpu=round(_worked() - worked, 2),
        embedded=len(texts), points=0, stale=0, doubled=0,
    )  # fmt: skip
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(step)) + "\n")


@contextmanager
def _loop(kind: str, cores: str) -> Generator[Callable[[list[str]], object]]:
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(weights(), device="cpu", model_kwargs={"torch_dtype": kind})
    if cores == "together":
        yield lambda texts: model.encode(texts, batch_size=BATCH)
        return
    pool = model.start_multi_process_pool(["cpu"] * (os.cpu_count() or 1))
    yield lambda texts: model.encode(texts, batch_size=BATCH, pool=pool)
    model.stop_multi_process_pool(pool)


def _worked() -> float:
    """Processor seconds of this process and of those that it has ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(one) for one in kinds]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6])
