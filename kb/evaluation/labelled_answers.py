"""Questions with the passages that their answers should stand on, or that should be refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from kb.evaluation.json_lines import labelled_rows
from kb_contract.errors import BadInput

_CURE: Final = 'write {"question": …, "passages": [{"path": …, "quote": …}]}, or {"question": …, "refuse": true}'
_QUESTION: Final = ("question", "text", "query")
_PASSAGES: Final = ("passages", "expected")


@dataclass(frozen=True)
class Expected:
    """A document, and perhaps words that the passage must hold."""

    path: str
    quote: str | None = None

    def is_of(self, path: str) -> bool:
        """Tell whether a path from the repository's root is this document."""
        return f"/{path}".endswith(f"/{self.path.strip('/')}")


@dataclass(frozen=True)
class LabelledQuestion:
    """A question; without expected passages it should be refused."""

    id: str
    text: str
    expected: tuple[Expected, ...]


def read_questions(file: Path) -> list[LabelledQuestion]:
    """Read JSON lines, or a golden.yaml as it is."""
    is_yaml = file.suffix.lower() in {".yaml", ".yml"}
    rows = _golden(file) if is_yaml else labelled_rows(file, set())
    found = [_question(row, number, file) for number, row in enumerate(rows, 1)]
    ids = [one.id for one in found]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise BadInput(
            f"the id {twice!r} is there twice", where=str(file), cure="give each its own"
        )
    return found


def _golden(file: Path) -> list[dict[str, Any]]:
    try:
        said: Any = yaml.safe_load(file.read_text("utf-8"))
        return [dict(one) for one in said["questions"]]
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise BadInput(
            str(error), where=str(file), cure="give a golden.yaml, or JSON lines"
        ) from error


def _question(row: Mapping[str, Any], number: int, file: Path) -> LabelledQuestion:
    where = f"{file}, question {number}"
    text = next((str(row[name]) for name in _QUESTION if row.get(name)), "")
    if not text.strip():
        raise BadInput("there is no question", where=where, cure=_CURE)
    said = next((row[name] for name in _PASSAGES if row.get(name)), None)
    if said is None and row.get("path"):
        said = [{"path": row["path"], "quote": row.get("quote")}]
    refuse = bool(row.get("refuse") or row.get("unanswerable"))
    if bool(said) == refuse:
        raise BadInput("it says neither passages nor a refusal, or both", where=where, cure=_CURE)
    return LabelledQuestion(
        str(row.get("id") or number), text, tuple(_expected(one, where) for one in said or ())
    )


def _expected(said: object, where: str) -> Expected:
    if isinstance(said, str) and said.strip():
        return Expected(said)
    if isinstance(said, dict):
        named = cast("dict[str, Any]", said)
        path, quote = named.get("path"), named.get("quote")
        if isinstance(path, str) and path.strip():
            return Expected(path, str(quote) if quote else None)
    shown = str(cast("object", said))[:60]
    raise BadInput(f"{shown!r} is no passage", where=where, cure=_CURE)
