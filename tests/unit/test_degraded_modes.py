"""What a model did not do is said in the answer, and such an answer is not given again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from graph.agents.registry import neutral_registry
from graph.caching.what_is_kept import why_not_kept
from graph.citations.claims import quote_of
from graph.classification.rules import classify
from graph.gateways.model_planner import ModelPlanner
from graph.nodes.synthesize import Synthesize, stand_ins
from graph.planning.agent_choice import no_affinity
from graph.ports import ChatModel, NoAnswer
from graph.state import Claim, Passage, State, StepResult
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.kept_books import loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply

QUESTION = "What holds for keys and backups?"
SENTENCES = ("Signing keys are rotated every 90 days.", "Backups are kept for thirty days.")
PAGE = f"# Rules\n\n{' '.join(SENTENCES)}\n"


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.says(Reply(status=500))
        yield running


def found() -> StepResult:
    """As a step leaves it whose model answered."""
    reader = InMemoryKnowledge()
    reader.add_document("security", "knowledge/security/rules.md", PAGE)
    [passage] = reader.chunks["security", 1]
    return {
        "step_id": "s1", "agent_id": "security", "capability": "knowledge", "status": "done", "text": "",
        "claims": [_saying(passage, one) for one in SENTENCES], "passages": [passage], "data": {},
        "error": None, "usage": [], "seconds": 0.0,
    }  # fmt: skip


def _saying(passage: Passage, words: str) -> Claim:
    start = passage["text"].index(words)
    return {"text": words, "quotes": [quote_of(passage, start, start + len(words))]}


def plan_of(*refused: str) -> dict[str, Any]:
    step = {
        "step_id": "s1",
        "depends_on": [],
        "capability": "knowledge",
        "policy": "required",
        "agent": "security",
        "question": QUESTION,
    }
    return {"steps": [step], "refused": list(refused)}


async def notes(plan: dict[str, Any], model: ChatModel | None = None) -> list[str]:
    state = State(question=QUESTION, plan=plan, results={"s1": found()})
    draft = (await Synthesize(model)(state))["draft"]
    assert [one["text"] for one in draft["claims"]] == list(SENTENCES)
    coverage = {"sentences": [{"supported": True}], "total": 1, "supported": 1}
    told = replace(state, draft=draft, status="completed", citations=[{}], coverage=coverage)
    assert why_not_kept(told, as_of=None) == ("it comes with a caveat" if draft["notes"] else "")
    return draft["notes"]


async def test_findings_that_no_model_joined_say_so(provider: LoopbackProvider) -> None:
    [said] = await notes(plan_of(), loopback_model(provider))
    assert said.startswith("The findings stand side by side, since the language model did not join")
    assert "InternalServerError 500" in said


async def test_a_planner_that_did_not_answer_is_told_of_and_one_that_was_refused_is_not(
    provider: LoopbackProvider,
) -> None:
    planner = ModelPlanner(loopback_model(provider))
    plan = await planner.plan(QUESTION, classify(QUESTION), neutral_registry(), no_affinity)
    [said] = await notes(plan_of(*plan.refused))
    assert said == "Rules planned this, since the language model that plans did not answer."
    provider.says("no plan at all")
    again = ModelPlanner(loopback_model(provider))
    plan = await again.plan(QUESTION, classify(QUESTION), neutral_registry(), no_affinity)
    assert plan.refused
    assert await notes(plan_of(*plan.refused)) == []


async def test_nobody_stood_in_whose_text_was_not_taken(provider: LoopbackProvider) -> None:
    with loopback_provider() as other:
        other.says("of no use")
        with pytest.raises(NoAnswer) as failed:
            await loopback_model(provider, other).write(
                system="s", user="u", tier="cheap", deadline=60, check=lambda _: "it is of no use"
            )
        assert len(failed.value.usage) == 1
        assert stand_ins(failed.value.usage) == []
        other.says(Reply(text="half", cut_at=700), "whole")
        provider.says("of no use", "whole")
        written = await loopback_model(provider, other).write(
            system="s", user="u", tier="cheap", deadline=60,
            check=lambda text: "" if text == "whole" else "it is of no use",
        )  # fmt: skip
        assert len(written.usage) == 2
        assert stand_ins(written.usage) == []
