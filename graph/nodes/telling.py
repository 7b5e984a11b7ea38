"""Tells the finished answer to whoever follows the run: word by word, cited, with what it cost."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from graph.ports import FinishedAnswer

LANE: Final = "answer"
_PIECE: Final = re.compile(r"\S+\s*|\s+")
_WORDS_AT_ONCE: Final = 8


def tell(write: Callable[[Any], None], finished: FinishedAnswer) -> None:
    """Say only what was verified and kept: nothing here is taken back later."""
    for piece in _pieces(finished.answer):
        _say(write, "token", text=piece)
    for number, citation in enumerate(finished.citations, 1):
        _say(write, "citation", number=number, citation=citation)
    if finished.coverage:
        _say(write, "coverage", **finished.coverage)
    for conflict in finished.conflicts:
        _say(write, "conflict", conflict=conflict)
    _say(write, "cost", usage=finished.usage, timings=finished.timings)
    _say(
        write, "final",
        status=finished.status, answer=finished.answer, answer_id=finished.answer_id,
        query_type=finished.query_type, citations=len(finished.citations),
        cached=finished.cached_from is not None,
    )  # fmt: skip


def _pieces(text: str) -> Iterator[str]:
    words = _PIECE.findall(text)
    for start in range(0, len(words), _WORDS_AT_ONCE):
        yield "".join(words[start : start + _WORDS_AT_ONCE])


def _say(write: Callable[[Any], None], kind: str, **more: Any) -> None:
    write({"type": kind, "step": None, "agent": None, "lane": LANE, **more})
