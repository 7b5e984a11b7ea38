"""What a question cost, to whom, and what is said when a budget is spent."""

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.runnables import RunnableConfig, RunnableLambda

from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresQuestionCosts
from kb.client import Client, ServerSaid
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.whole_reader import reader_settings, whole_reader
from tests.integration.money.conftest import ask, model_of

pytestmark = pytest.mark.stack
QUESTION = "How often are signing keys rotated?"
TRUE = "Signing keys are rotated every 90 days."
HOUSE = """
profiles:
  house:
    primary: {{model: openai/first, api_base: "{one}", api_key: k, input_price: 1, output_price: 2}}
    emergency: {{model: openai/last, api_base: "{two}", api_key: k, input_price: 1, output_price: 2}}
budgets:
  - {{name: per-user, scope: user, subject: anna, period: day, cap: 0.0045, over: reject, warn_at: 0.05}}
"""


def _check_events(events: list[dict[str, Any]]) -> None:
    drafts = [one for one in events if one.get("draft")]
    assert {one["lane"] for one in drafts} == {"keeper"}
    assert "".join(one["text"] for one in drafts) == "They are rotated every 90 days."
    assert [one["budget"] for one in events if one.get("type") == "budget_warning"] == ["per-user"]
    assert any(one.get("type") == "model_state" and one["state"] == "open" for one in events)


async def _check_costs(anna: Client, answer: dict[str, Any], provider: LoopbackProvider) -> None:
    said: dict[str, Any] = {}
    names = {
        "user": "anna",
        "agent": "keeper",
        "model": "openai/last",
        "session": answer["thread_id"],
    }
    for by, name in {**names, "type": answer["query_type"]}.items():
        said = await asyncio.to_thread(anna.costs, by=by)
        paid = {row["name"]: row["cost"] for row in said["rows"]}
        assert paid[name] == pytest.approx(provider.dollars()), by
    assert answer["usage"]["cost"] == pytest.approx(provider.dollars())
    assert said["total"]["requests"] == 2
    assert said["costly_questions"][0]["question"] == QUESTION
    assert said["budgets"][0]["subject"] == "anna"
    models = (await asyncio.to_thread(anna.health))["models"]
    states = [(one["model"].split()[0], one["state"]) for one in models["states"]]
    assert states == [("openai/first", "open")]
    async with httpx.AsyncClient(base_url=anna.url) as client:
        shown = (await client.get("/metrics")).text.splitlines()
    [opened] = [one for one in shown if "model_state{" in one and 'state="open"' in one]
    assert "openai/first" in opened
    assert opened.endswith(" 1.0")
    assert 'scriptorium_model_requests{model="openai/last",outcome="answered"} 1.0' in shown
    assert any(one.startswith('scriptorium_budget_used{budget="per-user"}') for one in shown)
    done = {(one["model"], one["outcome"]) for one in models["last_hour"]}
    assert done == {("openai/first", "failed"), ("openai/last", "answered")}


async def test_a_question_to_the_whole_reader_is_streamed_paid_and_attributed(
    provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    knowledge = InMemoryKnowledge()
    knowledge.add_document(
        "keeper", "knowledge/keeper/keys.md", f"# Keys\n\n{TRUE} Ask the lead.\n"
    )
    claims = [
        {"text": "They are rotated every 90 days.", "quotes": [{"passage": "p1", "quote": TRUE}]}
    ]
    provider.says(json.dumps({"claims": claims}))
    file = tmp_path / "models.yaml"
    events: list[dict[str, Any]] = []
    with loopback_provider() as broken:
        broken.says(Reply(status=401))
        file.write_text(HOUSE.format(one=broken.api_base, two=provider.api_base), encoding="utf-8")
        settings = reader_settings(
            database_url, llm_profile="house", llm_profiles=str(file), classify_llm_below=0
        )
        async with whole_reader(settings, knowledge) as url:
            anna, bert = Client(url=url, user="anna"), Client(url=url, user="bert")
            answer = await asyncio.to_thread(
                anna.ask, QUESTION, agent="keeper", on_event=lambda one: events.append(dict(one))
            )
            assert answer["status"] == "completed"
            assert "every 90 days. [1]" in answer["answer"]
            assert answer["usage"]["estimated"] is False
            assert "The emergency model openai/last answered" in answer["answer"]
            _check_events(events)
            await _check_costs(anna, answer, provider)
            # One request may take up to four tenths of a cent: Anna's day is over, Bert's is not.
            refused = await asyncio.to_thread(anna.ask, QUESTION, agent="keeper")
            assert "answered without its language model" in refused["answer"]
            assert "per-user" in refused["answer"]
            assert refused["citations"]
            other = await asyncio.to_thread(bert.ask, QUESTION, agent="keeper")
            assert "per-user" not in other["answer"]


@pytest.mark.parametrize("accounts", [True, False], ids=["told", "untold"])
async def test_a_question_says_whether_its_figures_are_our_own(
    pool: LazyPool, provider: LoopbackProvider, accounts: bool
) -> None:
    thread = uuid.uuid4().hex
    config = RunnableConfig(configurable={"thread_id": thread})
    model = model_of(pool, provider)

    async def asked(reply: Reply) -> str:
        provider.says(reply)
        return await ask(model)

    for reply in (Reply(text="fine"), Reply(text="fine", usage=accounts)):
        await RunnableLambda(asked).ainvoke(reply, config)
    usage = await PostgresQuestionCosts(pool).of_question("mine", thread, 3600)
    assert (usage["calls"], usage["estimated"]) == (2, not accounts)


async def test_costs_refuse_what_they_do_not_know(database_url: str) -> None:
    async with whole_reader(reader_settings(database_url), InMemoryKnowledge()) as url:
        with pytest.raises(ServerSaid):
            await asyncio.to_thread(Client(url=url).costs, by="colour")
        nothing = await asyncio.to_thread(Client(url=url).costs)
    assert (nothing["rows"], nothing["budgets"], nothing["total"]["cost"]) == ([], [], 0.0)
