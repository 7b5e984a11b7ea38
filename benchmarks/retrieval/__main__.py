"""How long a question takes to its passages, ours and others', on one collection: `make bench`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from benchmarks.ingest_peers.__main__ import FAIR, PEERS_PYTHON
from benchmarks.retrieval.collection import COLLECTION, described, filled, questions
from benchmarks.retrieval.protocol import WARM_UP, Place, Times
from dagster_kb.resources.vector_store import VectorStore
from kb.evaluation.private_stack import private_stack

ROOT = Path(__file__).parents[2]
OURS = "scriptorium"
PEERS = ("langchain", "llamaindex")
WHOLE = "question to ranked passages"
INDEXED_WITHIN = 300.0


def main() -> None:
    told = _arguments()
    with private_stack(None) as stack, tempfile.TemporaryDirectory(prefix="kb-speed-") as folder:
        store = VectorStore(stack.addresses.qdrant_url, stack.addresses.qdrant_api_key)
        place = filled(store, told.chunks)
        _wait_for_index(store, told.chunks)
        found: list[Times] = []
        for turn in range(told.turns):
            # The other way round the next time: what warms up or tires counts for none.
            for one in told.only[:: -1 if turn % 2 else 1]:
                found += _run(one, place, questions(told.questions + WARM_UP), Path(folder))
    _show(found, told.chunks)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--chunks", type=int, default=20_000, help="points of the collection")
    parser.add_argument("--questions", type=int, default=100, help="how many are timed in a turn")
    parser.add_argument("--turns", type=int, default=2, help="how often each contestant runs")
    parser.add_argument("--only", nargs="+", default=[OURS, *PEERS], choices=[OURS, *PEERS])
    return parser.parse_args()


def _wait_for_index(store: VectorStore, chunks: int) -> None:
    """Let the index be whole before anybody is timed, as it is in a collection that is served."""
    deadline = time.monotonic() + INDEXED_WITHIN
    while store.client.get_collection(COLLECTION).status != "green":
        if time.monotonic() > deadline:
            print(
                f"the index of {chunks} points is not whole yet; it is timed as it is",
                file=sys.stderr,
            )
            return
        time.sleep(0.2)


def _run(contestant: str, place: Place, asked: Sequence[str], folder: Path) -> list[Times]:
    given, out = folder / "given.json", folder / "out.json"
    given.write_text(json.dumps({"place": described(place), "questions": list(asked)}), "utf-8")
    python = sys.executable if contestant == OURS else str(PEERS_PYTHON)
    subprocess.run(
        [python, "-m", f"benchmarks.retrieval.with_{contestant}", str(given), str(out)], cwd=ROOT,
        check=True, stdout=sys.stderr, env={**os.environ, **FAIR},
    )  # fmt: skip
    return [Times(**one) for one in json.loads(out.read_text("utf-8"))]


def _show(found: Sequence[Times], chunks: int) -> None:
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"{chunks:,} chunks · {busy}", title_justify="left")
    for head in ("retriever", "what", "p50 ms", "p95 ms", "questions"):
        table.add_column(head, justify="left" if head in {"retriever", "what"} else "right")
    middle: dict[tuple[str, str], float] = {}
    for key in dict.fromkeys((one.contestant, one.what) for one in found):
        times = [time for one in found if (one.contestant, one.what) == key
                 for time in one.milliseconds]  # fmt: skip
        middle[key] = median(times)
        table.add_row(
            *key, f"{middle[key]:.1f}", f"{quantiles(times, n=20)[-1]:.1f}", str(len(times))
        )
    out = Console() if Console().is_terminal else Console(width=110)
    out.print(table)
    for line in _ratios(middle):
        out.print(line)


def _ratios(middle: dict[tuple[str, str], float]) -> list[str]:
    ours = middle.get(("Scriptorium", WHOLE))
    if ours is None:
        return []
    bare = sum(value for (name, what), value in middle.items()
               if name == "Scriptorium" and what != WHOLE)  # fmt: skip
    others = [
        f"{name} takes {value / ours:.2f} times as long"
        for (name, what), value in middle.items() if name != "Scriptorium"
    ]  # fmt: skip
    return [
        f"embedding, one round trip and fusion take {ours / bare:.2f} times the first two bare",
        *others,
    ]


if __name__ == "__main__":
    main()
