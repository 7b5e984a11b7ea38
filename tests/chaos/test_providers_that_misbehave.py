"""A provider that fails in thirteen ways, for each who asks it, at the first, a middle and the last call."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from dagster_kb.extraction.extractor import Extractor
from dagster_kb.extraction.passages import Passage
from dagster_kb.extraction.prompts_on_file import prompt_named
from graph.agents.rag import Rag
from graph.agents.registry import neutral_registry
from graph.classification.rules import classify
from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.model_planner import ModelPlanner
from graph.nodes.synthesize import Synthesize
from graph.planning.agent_choice import no_affinity
from graph.ports import AgentTask, NoAnswer
from graph.state import Claim, State, StepResult
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply, written_stream

TRUE = "Signing keys are rotated every 90 days."
PAGE = f"# Keys\n\n{TRUE} Do not share signing keys with anyone. Ask the lead.\n"
PATIENT_SECONDS = 30
"""For a request whose answer comes at once, however busy the machine is."""
LATE_SECONDS = 2
"""For a request whose answer comes too late."""
CALLS = 3
PLAN = json.dumps({"steps": [
    {"step_id": "s1", "agent": "any_knowledge", "capability": "knowledge", "question": "oak", "depends_on": []},
    {"step_id": "s2", "agent": "any_knowledge", "capability": "knowledge", "question": "pine", "depends_on": []},
    {"step_id": "s3", "agent": "any_comparison", "capability": "comparison", "question": "compare",
     "depends_on": ["s1", "s2"]},
]})  # fmt: skip
QUOTED = json.dumps(
    {"claims": [{"text": "Every 90 days.", "quotes": [{"passage": "p1", "quote": TRUE}]}]}
)
EXTRACTED = json.dumps({"summary": TRUE, "facts": [TRUE], "keywords": ["keys"]})
JOINED = json.dumps({"claims": [{"text": "In short: every 90 days.", "findings": ["f1", "f2"]}]})


@dataclass(frozen=True)
class Fault:
    """What the provider does to every request of one call."""

    reply: Callable[[str], Reply]
    answers: bool = False
    """Its answer is whole all the same."""
    exact: bool = True
    """Its bill can be known; else it is estimated, and the row says so."""
    shuts: bool = False
    """It is not asked again in the calls after it."""
    late: bool = False
    """Only the clock ends it."""


FAULTS = {
    "429 with Retry-After": Fault(lambda _: Reply(status=429, retry_after="1")),
    "500": Fault(lambda _: Reply(status=500)),
    "401": Fault(lambda _: Reply(status=401), shuts=True),
    "400": Fault(lambda _: Reply(status=400)),
    "hangs": Fault(lambda text: Reply(text=text, hang_seconds=60), exact=False, late=True),
    "drips": Fault(lambda text: Reply(text=text, drip_seconds=2), exact=False, late=True),
    "garbage": Fault(lambda _: Reply(raw=b"<html>busy</html>"), exact=False),
    "no choices": Fault(lambda text: Reply(text=text, choices=False), exact=False),
    "null content": Fault(lambda _: Reply(text=None), exact=False),
    "cut off": Fault(lambda text: Reply(text=text, cut_at=900), exact=False),
    "broken chunk": Fault(lambda text: Reply(text=text, broken_at=2), exact=False),
    "no account": Fault(lambda text: Reply(text=text, usage=False), answers=True, exact=False),
    "a wrong account": Fault(
        lambda text: Reply(text=text, usage={"prompt_tokens": 9**9, "completion_tokens": -4, "total_tokens": 1}),
        answers=True, exact=False,
    ),
}  # fmt: skip


def passages() -> InMemoryKnowledge:
    reader = InMemoryKnowledge()
    reader.add_document("a", "knowledge/a/keys.md", PAGE)
    return reader


async def plans(model: RoutedChatModel) -> bool:
    question = "Compare oak and pine for decking"
    planner = ModelPlanner(model, seconds=2 * PATIENT_SECONDS)
    plan = await planner.plan(question, classify(question), neutral_registry(), no_affinity)
    assert plan.steps
    assert (plan.made_by == "model") != bool(plan.refused)
    return plan.made_by == "model"


async def answers(model: RoutedChatModel) -> bool:
    reader = passages()
    task = AgentTask(
        "s",
        reader.capabilities["a"],
        "knowledge",
        "How often are keys rotated?",
        {},
        {},
        "standard",
    )
    result = await Rag(reader, WordEmbedder(), model)(task)
    assert result["status"] == "done"
    assert result["claims"]
    assert ("fell_back" in result["data"]) == (result["data"]["written_by"] == "extraction")
    return result["data"]["written_by"] == "model"


async def joins(model: RoutedChatModel) -> bool:
    reader = passages()
    task = AgentTask(
        "s",
        reader.capabilities["a"],
        "knowledge",
        "How often are keys rotated?",
        {},
        {},
        "standard",
    )
    found = await Rag(reader, WordEmbedder())(task)
    other: Claim = {"text": "Ask the lead.", "quotes": found["claims"][0]["quotes"]}
    results: dict[str, StepResult] = {"s": {**found, "claims": [found["claims"][0], other]}}
    plan = {
        "steps": [
            {"step_id": "s", "depends_on": [], "capability": "knowledge", "policy": "required"}
        ]
    }
    said = await Synthesize(model)(State(question="Keys?", plan=plan, results=results))
    texts = [one["text"] for one in said["draft"]["claims"]]
    assert texts in (["In short: every 90 days."], [found["claims"][0]["text"], "Ask the lead."])
    return texts == ["In short: every 90 days."]


async def extracts(model: RoutedChatModel) -> bool:
    passage = Passage(UUID(int=1), 0, "keys.md", "Keys", (), ("Keys",), "", TRUE)
    reader = Extractor(prompt_named("chunk_extract_v1"), "standard", model.board)
    found = await reader.extract(passage, model.books)
    assert (found.status == "DONE") == (found.parsed is not None)
    assert found.parsed is not None or found.error
    return found.parsed is not None


WHO: dict[str, tuple[Callable[[RoutedChatModel], Awaitable[bool]], str]] = {
    "planner": (plans, PLAN),
    "agent": (answers, QUOTED),
    "synthesis": (joins, JOINED),
    "extraction": (extracts, EXTRACTED),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        # The first call of a process loads what it needs; no fault should be blamed for that.
        first = loopback_model(running).write(system="s", user="u", tier="cheap", deadline=60)
        asyncio.run(first)
        yield running


def cases() -> list[Any]:
    """Each fault meets whose turn it is; the others, and at later calls, in `make full`."""
    turns = {fault: list(WHO)[turn % len(WHO)] for turn, fault in enumerate(FAULTS)}
    return [
        pytest.param(
            who, fault, at, id=f"{who}-{fault}-{at}",
            marks=[] if at == 0 and turns[fault] == who else [pytest.mark.full],
        )
        for who in WHO
        for fault in FAULTS
        for at in range(CALLS)
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "fault", "at"), cases())
async def test_a_fault_costs_one_call_and_nothing_else(
    provider: LoopbackProvider, who: str, fault: str, at: int, record_property: Callable[..., None]
) -> None:
    ask, good = WHO[who]
    bad = FAULTS[fault]
    books = KeptBooks()
    seconds = LATE_SECONDS if bad.late else PATIENT_SECONDS
    model = loopback_model(provider, books=books, timeout=seconds, max_tokens=400)
    provider.calls.clear()
    provider.bills.clear()
    for number in range(CALLS):
        faulty = number == at
        reply = bad.reply(good) if faulty else Reply(text=good)
        provider.script = lambda _, reply=reply: reply
        asked_before = len(provider.calls)
        by_model = await asyncio.wait_for(ask(model), PATIENT_SECONDS)
        shut = bad.shuts and number > at
        assert by_model == ((bad.answers or not faulty) and not shut)
        assert len(provider.calls) - asked_before <= (0 if shut else 2)
    await model.close()
    _compare_books(provider, books, exact=bad.exact)
    record_property("faults", 1)


def _compare_books(provider: LoopbackProvider, books: KeptBooks, *, exact: bool) -> None:
    """Every request has a receipt; what is not exactly the provider's bill is flagged."""
    assert len(books.receipts) == len(books.orders) == len(provider.calls), books.receipts
    believed = [one.count for one in books.receipts if one.count.source == "provider"]
    billed = [(one.prompt_tokens, one.completion_tokens) for one in provider.bills]
    assert all((one.prompt, one.completion) in billed for one in believed)
    if exact:
        paid = [
            (one.count.prompt, one.count.completion) for one in books.receipts if one.count.prompt
        ]
        assert sorted(paid) == sorted(billed)
        assert all(one.count.source == "provider" for one in books.receipts if one.count.prompt)


@pytest.mark.parametrize("step", [61, pytest.param(5, marks=pytest.mark.full)])
async def test_no_cut_passes_for_a_whole_answer(provider: LoopbackProvider, step: int) -> None:
    """Cut at byte after byte, by a provider whose end of connection is the end of the body."""
    text = json.dumps(
        {"claims": [{"text": f"Sentence {n}.", "findings": ["f1"]} for n in range(3)]}
    )
    chunks = written_stream(Reply(text=text), {"model": "primary"}, 99, 99)
    provider.script = lambda call: Reply(text=text, cut_at=int(call["messages"][-1]["content"]))

    async def cut(at: int) -> tuple[int, bool]:
        try:
            # Whatever comes is taken, so that only the end of the stream can tell.
            written = await loopback_model(provider).write(
                system="s", user=str(at), tier="cheap", deadline=30
            )
        except NoAnswer:
            return at, False
        assert written.text == text
        return at, True

    found: dict[int, bool] = {}
    size = chunks[-1].ends
    for start in range(1, size, 20 * step):
        found |= dict(
            await asyncio.gather(
                *(cut(at) for at in range(start, min(size, start + 20 * step), step))
            )
        )
    # Only what comes after the provider said that it stops may be missing.
    said_stop = chunks[-3].ends - len(b"\n\n")
    assert all(at >= said_stop for at, whole in found.items() if whole)
    assert not all(found.values())
