"""The labelled questions that the classifier is trained on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.classification.query_type import QueryType
from graph.classification.question_model import TRAINING, training_files


@dataclass(frozen=True)
class LabelledText:
    """A line of training/*.jsonl."""

    text: str
    label: QueryType
    also_ok: tuple[QueryType, ...]
    style: str
    domain: str
    author: str
    """The file's name up to its number: who wrote it."""

    def accepts(self, said: QueryType) -> bool:
        return said == self.label or said in self.also_ok


def read_questions(folder: Path = TRAINING) -> list[LabelledText]:
    """Read every labelled question, each text once."""
    found: dict[str, LabelledText] = {}
    for file in training_files(folder):
        for line in file.read_text("utf-8").split("\n"):
            if line.strip():
                one = _labelled(json.loads(line), file.stem.rsplit("_", 1)[0])
                found.setdefault(one.text.strip().lower(), one)
    return list(found.values())


def _labelled(row: dict[str, Any], author: str) -> LabelledText:
    return LabelledText(
        text=str(row["text"]),
        label=row["label"],
        also_ok=tuple(row.get("also_ok") or ()),
        style=str(row["style"]),
        domain=str(row["domain"]),
        author=author,
    )


def by(questions: Sequence[LabelledText], what: str) -> dict[str, list[int]]:
    """Numbers of the questions, by domain, style or author."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(questions):
        groups.setdefault(str(getattr(one, what)), []).append(number)
    return groups
