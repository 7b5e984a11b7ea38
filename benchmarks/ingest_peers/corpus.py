"""Documents, how they change, and questions whose answers are known. Standard library alone."""

import csv
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SEED = 7
SECTIONS = 6
PARTS = (
    "pump",
    "valve",
    "filter",
    "gauge",
    "bearing",
    "seal",
    "motor",
    "rotor",
    "spring",
    "gasket",
)
WORK = (
    "cleaned",
    "greased",
    "measured",
    "replaced",
    "tightened",
    "calibrated",
    "inspected",
    "flushed",
)
FILLING = (
    "The operator writes the reading into the log before the shift ends.",
    "Nothing is opened while the pressure is above the mark on the plate.",
    "A worn part is kept for the monthly review and is never used again.",
    "When the alarm repeats within an hour, the line is stopped and the lead is told.",
    "Spare parts lie in the second store, ordered by the number on the drawing.",
    "Vibration that grows over three days is a reason to look, even below the threshold.",
    "The manual of the maker comes first wherever this page says less than it does.",
    "Two people sign for work on anything that turns faster than the limit of the hall.",
)


@dataclass(frozen=True)
class Corpus:
    """Markdown by path, and questions with the paths that answer them."""

    documents: Mapping[str, str]
    questions: Mapping[str, frozenset[str]] = field(default_factory=dict)


def generated(count: int, also: Path | None = None) -> Corpus:
    """Pages of machines that nobody built, each with facts of its own; and real pages beside them."""
    dice = random.Random(SEED)  # noqa: S311
    documents: dict[str, str] = {}
    questions: dict[str, frozenset[str]] = {}
    for path in sorted(also.rglob("*.md")) if also else []:
        # Ours would refuse a page that says it belongs to another agent.
        lines = [
            one for one in path.read_text("utf-8").split("\n") if not one.startswith("agent_id:")
        ]
        documents[f"guide/{path.relative_to(also)}"] = "\n".join(lines)
    while len(documents) < count:
        name = "".join(
            dice.choice(("ka", "lo", "mer", "tin", "vos", "zu", "bra", "del")) for _ in range(3)
        )
        path = f"machines/{name}-{len(documents):05d}.md"
        facts = [
            (part, dice.choice(WORK), dice.randint(2, 90)) for part in dice.sample(PARTS, SECTIONS)
        ]
        documents[path] = _page(dice, name.capitalize(), facts)
        part, work, _ = facts[0]
        questions[f"How often is the {part} of the {name.capitalize()} {work}?"] = frozenset({path})
    chosen = dice.sample(sorted(questions), min(100, len(questions)))
    return Corpus(documents, {one: questions[one] for one in chosen})


def _page(dice: random.Random, name: str, facts: list[tuple[str, str, int]]) -> str:
    sections = [
        f"## The {part} of the {name}\n\n{dice.choice(FILLING)} The {part} of the {name} is {work} "
        f"every {days} days. {' '.join(dice.sample(FILLING, 5))}\n"
        for part, work, days in facts
    ]
    return f"# Machine {name}\n\n" + "\n".join(sections)


def from_folder(folder: Path, count: int) -> Corpus:
    """Markdown of a folder, a fixed choice of it; nobody labelled it."""
    paths = [one for one in folder.rglob("*.md") if one.stat().st_size > 600]
    names = {str(one.relative_to(folder)): one for one in paths}
    chosen = sorted(names, key=lambda one: hashlib.sha256(one.encode()).hexdigest())[:count]
    return Corpus({one: names[one].read_text("utf-8", "replace") for one in sorted(chosen)})


def from_labelled(folder: Path, count: int) -> Corpus:
    """corpus.jsonl, queries*.jsonl and qrels*.tsv, as retrieval benchmarks have them."""
    answers: defaultdict[str, set[str]] = defaultdict(set)
    with next(folder.glob("qrels.dev*.tsv")).open(encoding="utf-8", newline="") as file:
        for query, document, score in csv.reader(file, delimiter="\t"):
            if score.isdigit() and int(score):
                answers[query].add(f"{document}.md")
    found = {f"{one['_id']}.md": f"# {one['title']}\n\n{one['text']}\n"
             for one in _lines(folder / "corpus.jsonl")}  # fmt: skip
    wanted = sorted(set[str]().union(*answers.values()) & found.keys())[:count]
    rest = sorted(
        found.keys() - set(wanted), key=lambda one: hashlib.sha256(one.encode()).hexdigest()
    )
    documents = {one: found[one] for one in sorted([*wanted, *rest[: count - len(wanted)]])}
    texts = {one["_id"]: one["text"] for one in _lines(next(folder.glob("queries.dev*.jsonl")))}
    questions = {texts[query]: frozenset(paths) for query, paths in answers.items()
                 if query in texts and paths <= documents.keys()}  # fmt: skip
    return Corpus(documents, questions)


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def edited(documents: Mapping[str, str], share: float = 0.01) -> dict[str, str]:
    """A sentence more in the middle of some documents."""
    dice = random.Random(SEED)  # noqa: S311
    changed = dict(documents)
    for path in dice.sample(sorted(documents), max(1, int(len(documents) * share))):
        lines = changed[path].split("\n")
        note = f"\nRevised note {dice.randint(0, 10**9)}: this replaces the earlier guidance.\n"
        lines.insert(len(lines) // 2, note)
        changed[path] = "\n".join(lines)
    return changed


def thinned(documents: Mapping[str, str], share: float = 0.01) -> dict[str, str]:
    """Some documents less."""
    dice = random.Random(SEED + 4)  # noqa: S311
    gone = set(dice.sample(sorted(documents), max(1, int(len(documents) * share))))
    return {path: text for path, text in documents.items() if path not in gone}
