"""Until when an answer is kept: by the type of its question, and by the clock that is passed in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.caching.kept_answer import Asking, KeptAnswer, Looked
from graph.caching.what_is_kept import Lifetimes
from graph.nodes.recall import Keeping
from graph.ports import FinishedAnswer
from graph.state import State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUOTE = "The key is changed every ten days."


@dataclass
class ShelfOfAnswers:
    """A cache that keeps everything, and shows it."""

    kept: list[KeptAnswer] = field(default_factory=list[KeptAnswer])
    let_go_of: list[str] = field(default_factory=list[str])

    async def find(self, asking: Asking) -> Looked:
        return Looked(None, {"keys": 1}) if asking.alone else Looked()

    async def keep(self, asking: Asking, found: KeptAnswer) -> None:
        assert asking.question == found.question
        self.kept.append(found)

    def let_go(self, answer_id: str) -> None:
        self.let_go_of.append(answer_id)


def finished(query_type: str, **more: Any) -> tuple[State, FinishedAnswer]:
    step = {"step_id": "s1", "agent": "keys", "capability": "knowledge", "question": "?"}
    passage = {"chunk_id": "a", "start": 0}
    citation = {"agent_id": "keys", "chunk_id": "a", "quote": QUOTE, "start": 0, "path": "key.md"}
    whole: dict[str, Any] = {
        "question": "How often is the key changed?", "query_type": query_type, "status": "completed",
        "plan": {"steps": [step]}, "answer_id": "1", "cache": {"served": {"keys": 1}}, "citations": [citation],
        "results": {"s1": {"step_id": "s1", "status": "done", "passages": [passage]}},
        "coverage": {"total": 1, "supported": 1, "left_out": {}, "sentences": [{"supported": True}]},
    }  # fmt: skip
    state = State(**{**whole, **more})
    told = FinishedAnswer(
        answer_id="1", thread_id="t", run_id="", trace_id="", question=state.question, query_type=query_type,
        status="completed", answer=QUOTE, plan={}, usage={"cost": 0.25}, timings={"total": 2.0}, citations=[],
    )  # fmt: skip
    return state, told


@pytest.mark.parametrize(
    ("query_type", "seconds"),
    [
        ("simple_lookup", 1000),
        ("rag_document", 1000),
        ("complex_analysis", 500),
        ("schema_discovery", 5000),
    ],
)
async def test_each_type_is_kept_for_its_time(query_type: str, seconds: float) -> None:
    shelf = ShelfOfAnswers()
    keeping = Keeping(shelf, lambda: ("everyone",), Lifetimes(1000, 5000), lambda: NOW)
    await keeping(*finished(query_type), None)
    [kept] = shelf.kept
    assert (kept.created_at, kept.expires_at) == (NOW, NOW + timedelta(seconds=seconds))
    assert (kept.query_type, kept.costs.dollars, kept.costs.seconds) == (query_type, 0.25, 2.0)
    assert shelf.let_go_of == ["1"]


@pytest.mark.parametrize(
    ("query_type", "wish", "more"),
    [
        ("tool_operation", None, {}),
        ("simple_lookup", "no-store", {}),
        ("simple_lookup", None, {"cached": True}),
        ("simple_lookup", None, {"status": "partial"}),
        ("simple_lookup", None, {"cache": {}}),
    ],
)
async def test_what_is_not_kept_is_let_go_all_the_same(
    query_type: str, wish: str | None, more: dict[str, Any]
) -> None:
    shelf = ShelfOfAnswers()
    keeping = Keeping(shelf, lambda: ("everyone",), Lifetimes(1000, 5000), lambda: NOW)
    await keeping(*finished(query_type, **more), wish)
    assert (shelf.kept, shelf.let_go_of) == ([], ["1"])
