"""The same documents and weights through every ingestion, in one run: `make bench`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.ingest_peers.corpus import Corpus, from_folder, from_labelled, generated
from benchmarks.ingest_peers.protocol import FIRST, Step

ROOT = Path(__file__).parents[2]
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
OURS = "scriptorium"
PEERS = ("langchain", "llamaindex", "haystack")
# Threads that wait must not take the core from those that work; no hub is asked.
FAIR = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def main() -> None:
    told = _arguments()
    corpus = _corpus(told)
    contestants = [one for one in (OURS, *PEERS) if one in told.only]
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="kb-peers-") as folder:
        given = Path(folder) / "corpus.json"
        questions = {one: sorted(paths) for one, paths in corpus.questions.items()}
        given.write_text(json.dumps({"documents": dict(corpus.documents), "questions": questions}))
        for turn in range(told.turns):
            # The other way round the next time: what warms up or tires counts for none.
            for one in contestants[:: -1 if turn % 2 else 1]:
                steps += _run(one, given, Path(folder) / f"{one}-{turn}.jsonl")
    _show(corpus, steps)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest_peers", description=__doc__)
    parser.add_argument("--documents", type=int, default=300, help="how many, at most")
    parser.add_argument("--turns", type=int, default=1, help="how often each contestant runs")
    parser.add_argument("--corpus", type=Path, help="folder of Markdown instead of made pages")
    parser.add_argument(
        "--labelled", type=Path, help="folder with corpus.jsonl, queries.dev.jsonl, qrels.dev.tsv"
    )
    parser.add_argument("--only", nargs="+", default=[OURS, *PEERS], choices=[OURS, *PEERS])
    return parser.parse_args()


def _corpus(told: argparse.Namespace) -> Corpus:
    if told.labelled:
        return from_labelled(told.labelled, told.documents)
    if told.corpus:
        return from_folder(told.corpus, told.documents)
    return generated(told.documents, ROOT / "knowledge" / "scriptorium_guide")


def _run(contestant: str, given: Path, out: Path) -> list[Step]:
    python = sys.executable if contestant == OURS else str(PEERS_PYTHON)
    module = f"benchmarks.ingest_peers.with_{contestant}"
    subprocess.run(
        [python, "-m", module, str(given), str(out)], cwd=ROOT, check=True,
        stdout=sys.stderr, env={**os.environ, **FAIR},
    )  # fmt: skip
    return [Step(**json.loads(line)) for line in out.read_text("utf-8").splitlines()]


def _show(corpus: Corpus, steps: Sequence[Step]) -> None:
    busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"{len(corpus.documents)} documents · {busy}", title_justify="left")
    heads = (
        "ingestion",
        "step",
        "wall s",
        "CPU s",
        "texts embedded",
        "points",
        "stale",
        "doubled",
        "nDCG@10",
    )
    for head in heads:
        table.add_column(head, justify="left" if head in {"ingestion", "step"} else "right")
    for name, step in dict.fromkeys((one.contestant, one.step) for one in steps):
        same = [one for one in steps if (one.contestant, one.step) == (name, step)]
        last = same[-1]
        table.add_row(
            name, step, f"{median(one.wall for one in same):.2f}",
            f"{median(one.cpu for one in same):.2f}", str(last.embedded), str(last.points),
            str(last.stale), str(last.doubled), "" if last.ndcg is None else f"{last.ndcg:.4f}",
        )  # fmt: skip
    out = Console() if Console().is_terminal else Console(width=130)
    out.print(table)
    for line in _ratios(steps):
        out.print(line)


def _ratios(steps: Sequence[Step]) -> list[str]:
    """First ingest: what others take, and what nobody can do without, beside ours."""
    first = [one for one in steps if one.step == FIRST]
    names = list(dict.fromkeys(one.contestant for one in first))
    wall = {name: median(one.wall for one in first if one.contestant == name) for name in names}
    cpu = {name: median(one.cpu for one in first if one.contestant == name) for name in names}
    ours = "Scriptorium"
    if ours not in names:
        return []
    return [
        f"first ingest: {name} takes {wall[name] / wall[ours]:.2f} times our time and "
        f"{cpu[name] / cpu[ours]:.2f} times our processor seconds"
        for name in names if name != ours
    ]  # fmt: skip


if __name__ == "__main__":
    main()
