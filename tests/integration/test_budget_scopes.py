"""Whose budget is spent is told no, and nobody else: sessions, people, agents and the service, through the whole reader."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kb.client import Client
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = pytest.mark.stack
QUESTION = "How often are signing keys rotated?"
TRUE = "Signing keys are rotated every 90 days."
SAID = "They are rotated every 90 days."
MOST = 0.0045
"""Dollars that one request may take at most, so that a cap of a little more has room for one."""
HOUSE = """
profiles:
  house:
    primary: {{model: openai/any, api_base: "{base}", api_key: k, input_price: 1, output_price: 2}}
budgets:
  - {{name: tight, scope: {scope}, subject: "{subject}", period: {period}, cap: {cap}, over: {over}, warn_at: 1}}
"""
Asked = tuple[str, str, str]
"""Who asks whom, in which conversation."""
FIRST: Asked = ("anna", "keeper", "one")
# Of each scope, who counts in the same balance as the first, and who does not.
SCOPES: dict[str, tuple[Asked, Asked]] = {
    "session": (("anna", "porter", "one"), ("anna", "keeper", "two")),
    "user": (("anna", "porter", "two"), ("bert", "keeper", "three")),
    "agent": (("bert", "keeper", "three"), ("anna", "porter", "two")),
    "service": (("bert", "porter", "three"), ("", "", "")),
}


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        claims = [{"text": SAID, "quotes": [{"passage": "p1", "quote": TRUE}]}]
        running.says(json.dumps({"claims": claims}))
        yield running


@asynccontextmanager
async def served(database_url: str, file: Path, house: str) -> AsyncIterator[str]:
    knowledge = InMemoryKnowledge()
    for agent in ("keeper", "porter"):
        page = f"# Keys\n\n{TRUE} Ask the lead.\n"
        knowledge.add_document(agent, f"knowledge/{agent}/keys.md", page)
    file.write_text(house, encoding="utf-8")
    settings = reader_settings(
        database_url, llm_profile="house", llm_profiles=str(file), classify_llm_below=0
    )
    async with whole_reader(settings, knowledge) as url:
        yield url


async def answer(url: str, asked: Asked, threads: dict[str, str]) -> dict[str, Any]:
    who, agent, thread = asked
    client = Client(url=url, user=who)
    said = await asyncio.to_thread(
        client.ask, QUESTION, agent=agent, thread=threads.get(thread), cache="no-store"
    )
    threads[thread] = said["thread_id"]
    return dict(said)


def by_model(said: dict[str, Any]) -> bool:
    assert ("tight" in said["answer"]) != (SAID in said["answer"]), said["answer"]
    assert said["citations"]  # without its model it still quotes
    return SAID in said["answer"]


@pytest.mark.parametrize("over", ["reject", "cheaper"])
@pytest.mark.parametrize("scope", SCOPES)
async def test_a_spent_budget_is_its_subjects_alone(
    provider: LoopbackProvider, database_url: str, tmp_path: Path, scope: str, over: str
) -> None:
    same, other = SCOPES[scope]
    house = HOUSE.format(
        base=provider.api_base, scope=scope, subject="*", period="ever", cap=MOST, over=over
    )
    threads: dict[str, str] = {}
    async with served(database_url, tmp_path / "m.yaml", house) as url:
        assert by_model(await answer(url, FIRST, threads))
        assert not by_model(await answer(url, same, threads))
        if other[0]:
            assert by_model(await answer(url, other, threads))
        costs = await asyncio.to_thread(Client(url=url, user="anna").costs)
    assert len(provider.calls) == (2 if other[0] else 1)
    assert costs["total"]["cost"] == pytest.approx(provider.dollars(), abs=1e-9)
    balances = [one for one in costs["budgets"] if one["spent"]]
    assert sum(one["spent"] for one in balances) == pytest.approx(provider.dollars(), abs=1e-9)
    assert all(one["held"] == 0 for one in balances)


async def test_what_a_plan_will_cost_is_said_before_it(
    provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    house = HOUSE.format(
        base=provider.api_base, scope="service", subject="*", period="ever", cap=1, over="reject"
    )
    async with served(database_url, tmp_path / "m.yaml", house) as url:
        client = Client(url=url, user="anna")
        plan = (await asyncio.to_thread(client.plan, QUESTION))["plan"]
        assert not provider.calls
        said = await asyncio.to_thread(client.ask, QUESTION, cache="no-store")
    # 900 tokens of a thousand are read, 100 are written.
    per_token = (0.9 * 1 + 0.1 * 2) / 1e6
    knowledge = [one for one in plan["steps"] if one["capability"] == "knowledge"]
    assert knowledge
    assert all(one["estimate"]["cost"] == pytest.approx(2500 * per_token) for one in knowledge)
    assert plan["estimate"]["cost"] > 0
    assert said["usage"]["cost"] <= plan["estimate"]["cost"] * 2
