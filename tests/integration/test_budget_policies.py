"""What the whole reader does when a budget has no room: cheaper, asked, or waited for."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from kb.client import Client
from kb_contract.chat_models.books import Bound, Order, Receipt
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.prices import Count
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = pytest.mark.stack
QUESTION = "How often are signing keys rotated?"
TRUE = "Signing keys are rotated every 90 days."
SAID = "They are rotated every 90 days."
HOUSE = """
profiles:
  house:
    primary:
      cheap: {{model: openai/small, api_base: "{base}", api_key: k, input_price: 0.1, output_price: 0.2}}
      standard: {{model: openai/large, api_base: "{base}", api_key: k, input_price: 1, output_price: 2}}
budgets:
  - {{name: house, cap: {cap}, over: {over}}}
"""


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        claims = [{"text": SAID, "quotes": [{"passage": "p1", "quote": TRUE}]}]
        running.says(json.dumps({"claims": claims}))
        yield running


@asynccontextmanager
async def served(
    database_url: str, file: Path, provider: LoopbackProvider, cap: float, over: str
) -> AsyncIterator[Client]:
    knowledge = InMemoryKnowledge()
    knowledge.add_agent("keeper", model_tier="standard")
    page = f"# Keys\n\n{TRUE} Ask the lead.\n"
    knowledge.add_document("keeper", "knowledge/keeper/keys.md", page)
    file.write_text(HOUSE.format(base=provider.api_base, cap=cap, over=over), encoding="utf-8")
    settings = reader_settings(
        database_url, llm_profile="house", llm_profiles=str(file), classify_llm_below=0
    )
    async with whole_reader(settings, knowledge) as url:
        yield Client(url=url, user="anna")


async def test_near_its_end_the_cheap_model_answers(
    provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    # A large answer may take 0.4 cents, a small one a tenth of that.
    async with served(database_url, tmp_path / "m.yaml", provider, 0.002, "cheaper") as anna:
        answer = await asyncio.to_thread(anna.ask, QUESTION, agent="keeper")
    assert SAID in answer["answer"]
    assert [one["model"] for one in provider.calls] == ["small"]
    assert answer["usage"]["models"] == ["openai/small"]


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_person_is_asked_before_the_cap_is_passed(
    provider: LoopbackProvider, database_url: str, tmp_path: Path, agreed: bool
) -> None:
    async with served(database_url, tmp_path / "m.yaml", provider, 0.002, "ask") as anna:
        waits = await asyncio.to_thread(anna.ask, QUESTION, agent="keeper")
        assert provider.calls == []
        [asked] = await asyncio.to_thread(anna.approvals, thread=waits["thread_id"])
        assert "budget house is nearly spent" in json.dumps(asked)
        decide: Any = anna.approve if agreed else anna.reject
        answer = await asyncio.to_thread(decide, asked["approval_id"])
        costs = await asyncio.to_thread(anna.costs)
    assert (SAID in answer["answer"]) is agreed
    assert len(provider.calls) == agreed
    assert costs["total"]["cost"] == pytest.approx(provider.dollars())
    [house] = costs["budgets"]
    assert (house["spent"], house["held"]) == (pytest.approx(provider.dollars()), 0.0)


async def test_what_is_held_elsewhere_is_waited_for(
    provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    pool = LazyPool(SecretStr(database_url), seconds=60)
    books = PostgresBooks(pool, budgets=(Budget(name="house", cap=0.005),))
    held = await books.hold(
        Order("m", "standard", "primary", 100, 100, 0.001, 0.004, 300, Bound(100, 100, 0.004))
    )
    loop, waits = asyncio.get_running_loop(), asyncio.Event()

    def hear(event: Any) -> None:
        if dict(event).get("type") == "budget_waits":
            loop.call_soon_threadsafe(waits.set)

    async with served(database_url, tmp_path / "m.yaml", provider, 0.005, "throttle") as anna:
        asking = asyncio.create_task(
            asyncio.to_thread(anna.ask, QUESTION, agent="keeper", on_event=hear)
        )
        async with asyncio.timeout(60):
            await waits.wait()
        assert provider.calls == []
        await books.settle(Receipt(held, Count(10, 10), 0.0001, "answered", 0.1))
        answer = await asking
    await pool.close()
    assert SAID in answer["answer"]
