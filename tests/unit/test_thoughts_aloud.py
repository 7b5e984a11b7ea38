"""Models that think aloud before their answer: what they thought is paid for, and is no part of it."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_kb.extraction.extractor import Extractor
from dagster_kb.extraction.prompts_on_file import prompt_named
from graph.agents.drafting import Drafting
from graph.agents.registry import neutral_registry
from graph.classification.rules import classify
from graph.gateways.model_planner import ModelPlanner
from graph.planning.agent_choice import no_affinity
from graph.ports import NoAnswer
from kb_contract.chat_models.spoken_part import SpokenPart
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, count, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.unit.test_chunk_extraction import GOOD, passage

THOUGHTS = 'Let me see. {"claims": [{"text": "Not this."}]} is no answer yet.\n'
CLAIMS = json.dumps({"claims": [{"text": "Signing keys are rotated every 90 days.", "quotes": []}]})
PLAN = json.dumps({"steps": [
    {"step_id": "s1", "agent": "any_knowledge", "capability": "knowledge", "question": "oak", "depends_on": []},
    {"step_id": "s2", "agent": "any_knowledge", "capability": "knowledge", "question": "pine", "depends_on": []},
    {"step_id": "s3", "agent": "any_comparison", "capability": "comparison", "question": "compare",
     "depends_on": ["s1", "s2"]},
]})  # fmt: skip
BEFORE = {
    "a block": f"<think>{THOUGHTS}</think>\n\n",
    "another name": f"\n<reasoning>{THOUGHTS}</reasoning>",
    "two blocks": f"<think>a</think>\n<thinking>{THOUGHTS}</thinking>\n",
    "an end alone": f"{THOUGHTS}</think>\n\n",
    "an empty block": "<think></think>",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


def spoken(text: str, size: int) -> tuple[str, str]:
    part = SpokenPart()
    heard = "".join(part.take(text[at : at + size]) for at in range(0, len(text), size))
    return heard, part.whole()


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize("before", BEFORE)
def test_what_was_thought_is_left_out_in_whatever_pieces_it_comes(before: str, size: int) -> None:
    heard, whole = spoken(BEFORE[before] + CLAIMS, size)
    assert whole.strip() == CLAIMS
    # Without its beginning nobody knows of a thought while it comes; a draft is made of claims alone.
    assert heard.strip() == CLAIMS or before == "an end alone"


@pytest.mark.parametrize(
    "text",
    [
        CLAIMS.replace("Signing", "<think>Signing</think>\\n{"),
        "Write <think> and </think> around it.",
        "<b>bold</b> and <thinker>",
        "<",
        "<think",
        "",
        "a </think> b",
    ],
)
def test_what_only_speaks_of_thoughts_is_whole(text: str) -> None:
    for size in (1, 5, 10_000):
        assert spoken(text, size)[1] == text


def test_thoughts_without_an_end_are_no_answer() -> None:
    assert spoken(f"<think>{THOUGHTS}", 3)[1] == ""


@given(st.text(alphabet="<>/think \n{a", max_size=60), st.integers(1, 9))
def test_pieces_make_no_difference(text: str, size: int) -> None:
    assert spoken(text, size)[1].strip() == spoken(text, 1_000)[1].strip()


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("before", BEFORE)
async def test_every_caller_gets_the_answer_alone(
    provider: LoopbackProvider, before: str, streams: bool
) -> None:
    provider.says(Reply(text=BEFORE[before] + PLAN, streams=streams))
    question = "Compare oak and pine for decking"
    planner = ModelPlanner(loopback_model(provider), seconds=60)
    plan = await planner.plan(question, classify(question), neutral_registry(), no_affinity)
    assert plan.made_by == "model", plan.refused

    provider.says(Reply(text=BEFORE[before] + json.dumps(GOOD), streams=streams))
    model = loopback_model(provider)
    reader = Extractor(prompt_named("chunk_extract_v1"), "standard", model.board)
    found = await reader.extract(passage("Form 8867 is kept."), KeptBooks())
    assert found.status == "DONE", found.error
    assert json.loads(found.raw_text) == GOOD


async def test_a_draft_has_no_thoughts_and_the_bill_has_them(provider: LoopbackProvider) -> None:
    text = BEFORE["a block"] + CLAIMS
    provider.says(Reply(text=text, usage=False))
    said: list[str] = []
    books = KeptBooks()
    written = await loopback_model(provider, books=books).write(
        system="s", user="u", tier="cheap", deadline=60,
        heard=Drafting(lambda _kind, **more: said.append(more.get("text", ""))),
    )  # fmt: skip
    assert written.text == CLAIMS
    assert "".join(said) == "Signing keys are rotated every 90 days."
    assert books.receipts[0].count.completion == count(text)


async def test_thoughts_alone_are_asked_for_again_and_then_no_answer(
    provider: LoopbackProvider,
) -> None:
    provider.says(Reply(text=f"<think>{THOUGHTS}"), Reply(text="<think>a</think>so"))
    model = loopback_model(provider)
    assert (await model.write(system="s", user="u", tier="cheap", deadline=60)).text == "so"
    provider.says(Reply(text=f"<think>{THOUGHTS}"))
    with pytest.raises(NoAnswer, match="empty but for its thoughts"):
        await model.write(system="s", user="u", tier="cheap", deadline=60)
