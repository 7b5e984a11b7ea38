"""Which passages a model is shown: as many as there is room for, the most relevant first."""

from collections.abc import Sequence
from typing import Final

from graph.state import Passage

ROOM: Final = 16_000
"""Tokens of passages for one step, where a setting says nothing else."""
_LETTERS: Final = 4
"""English has more letters for a token; a letter of another script may be a token of its own."""


def tokens_in(text: str) -> int:
    """Count tokens as no model's own counter would count fewer by much."""
    plain = sum(one.isascii() for one in text)
    return -(-plain // _LETTERS) + len(text) - plain


def within(passages: Sequence[Passage], room: int) -> list[Passage]:
    """Leave out what there is no room for; what only stands beside a found passage goes first.

    They stay in their order. A first one that is too long alone is shown from its beginning: what
    is quoted of it stands where it stood.
    """
    found_first = sorted(
        range(len(passages)), key=lambda at: passages[at].get("ranked_by") == "beside"
    )
    kept: dict[int, Passage] = {}
    for at in found_first:
        one = passages[at]
        if (needed := tokens_in(one["text"])) <= room:
            kept[at] = one
            room -= needed
        elif not kept:
            kept[at] = {**one, "text": _beginning(one["text"], room)}
            room = 0
    return [kept[at] for at in sorted(kept)]


def _beginning(text: str, room: int) -> str:
    """Cut at the end of a sentence or line, where there is one."""
    cut = text[:room] if not text.isascii() else text[: room * _LETTERS]
    end = max(cut.rfind(". ") + 1, cut.rfind("\n"))
    return cut[:end] if end > 0 else cut
