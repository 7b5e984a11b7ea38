"""Passages with what people say stands in them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from dagster_kb.extraction.passages import Passage, tail
from kb.evaluation.json_lines import labelled_rows
from kb_contract.errors import BadInput
from kb_contract.text_border import clean

_CURE: Final = (
    '{"passage": text, "id", "title", "headings": [], "before", "entities": [names], '
    '"also": [names that may be given too], "says": [words of facts or of the summary]}'
)
_LISTS: Final = ("headings", "entities", "also", "says")


@dataclass(frozen=True)
class LabelledPassage:
    """A passage, the names in it, and words that what is read out must say."""

    id: str
    passage: Passage
    entities: tuple[str, ...] | None
    """None: nobody said which."""
    also: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


def read_passages(file: Path) -> list[LabelledPassage]:
    """Read JSON lines, one passage each."""
    rows = labelled_rows(file, {"passage"})
    found = [_labelled(clean(row), number, f"{file}, passage {number}")
             for number, row in enumerate(rows, 1)]  # fmt: skip
    name, times = Counter(one.id for one in found).most_common(1)[0]
    if times > 1:
        raise BadInput(
            f"{times} passages have the id {name}", where=str(file),
            cure="ids tell them apart; the same passage needs to be there once only",
        )  # fmt: skip
    return found


def _labelled(row: Mapping[str, Any], number: int, where: str) -> LabelledPassage:
    lists = {name: _words(row.get(name), name, where) for name in _LISTS}
    text, title = row["passage"], row.get("title") or ""
    if not isinstance(text, str) or not text.strip():
        raise BadInput("passage is no text", where=where, cure=_CURE)
    given = row.get("id")
    passage = Passage(
        UUID(int=number), 0, where, str(title), (), lists["headings"] or (),
        tail(str(row.get("before") or "")), text,
    )  # fmt: skip
    # A passage is the same in the next file, wherever it stands there.
    name = passage.sha256[:12] if given is None else str(given)
    return LabelledPassage(
        name, passage, lists["entities"], lists["also"] or (), lists["says"] or ()
    )


def _words(value: Any, name: str, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    words: Sequence[Any] = cast("list[Any]", value) if isinstance(value, list) else [None]
    if not all(isinstance(one, str) and one.strip() for one in words):
        raise BadInput(f"{name} is no list of texts", where=where, cure=_CURE)
    return tuple(words)
