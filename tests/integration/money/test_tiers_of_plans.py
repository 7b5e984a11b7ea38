"""A question to the whole reader: which model is asked for which step of its plan."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from graph.gateways.postgres import LazyPool
from kb.client import Client
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.loopback_provider import LoopbackProvider
from tests.doubles.loopback_replies import Reply
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = pytest.mark.stack

SAID = {
    "keeper": "Signing keys are rotated every 90 days. Signing keys are kept in the vault.",
    "porter": "Parcels are carried every 7 days. Parcels are kept in the cellar.",
}
MODEL = '{{model: openai/{tier}, api_base: "{at}", api_key: k, input_price: 0, output_price: 0}}'
PLAN: dict[str, Any] = {
    "query": "How are signing keys and parcels kept?",
    "steps": [
        {"step_id": "a", "agent": "keeper", "question": "How are signing keys kept?"},
        {"step_id": "b", "agent": "porter", "question": "How are parcels kept?"},
        {"step_id": "c", "agent": "reasoning", "depends_on": ["a", "b"]},
    ],
}


def honest(call: dict[str, Any]) -> Reply:
    """Quote every sentence of the passages; join findings as they are."""
    prompt = str(call["messages"][-1]["content"])
    named: dict[str, str] = dict(re.findall(r"<[\w-]+ id=(\w+)>\n(.*?)\n</", prompt, re.DOTALL))
    claims: list[dict[str, Any]] = []
    for name, text in named.items():
        if name.startswith("f"):
            claims.append({"text": text, "findings": [name]})
            continue
        for one in re.findall(r"[A-Z][^.#\n]*\.", text):
            claims.append({"text": one, "quotes": [{"passage": name, "quote": one}]})
    return Reply(text=json.dumps({"claims": claims}))


def house(at: str, more: str = "") -> str:
    models = "".join(
        f"\n      {tier}: {MODEL.format(tier=tier, at=at)}"
        for tier in ("cheap", "standard", "strong")
    )
    return f"profiles:\n  house:\n    primary:{models}\n{more}"


def library(strong: str) -> InMemoryKnowledge:
    """Two agents, of which one may say of itself that it needs a strong model."""
    knowledge = InMemoryKnowledge()
    for agent, text in SAID.items():
        knowledge.add_agent(agent, model_tier="strong" if agent == strong else None)
        knowledge.add_document(agent, f"knowledge/{agent}/page.md", f"# Page\n\n{text}\n")
    return knowledge


async def test_each_step_asks_the_model_that_it_is_worth(
    pool: LazyPool, provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    provider.script = honest
    file = tmp_path / "models.yaml"

    async def asked(
        question: dict[str, Any], *, strong: str = "", more: str = ""
    ) -> dict[str, str]:
        file.write_text(house(provider.api_base, more), encoding="utf-8")
        settings = reader_settings(
            database_url, llm_profile="house", llm_profiles=str(file), classify_llm_below=0
        )
        async with whole_reader(settings, library(strong)) as url:
            answer = await asyncio.to_thread(lambda: Client(url=url).ask(**question))
        assert answer["status"] == "completed", answer["answer"]
        rows = await pool.rows(
            "select step_id, model from ops.usage where thread_id = %(thread_id)s",
            {"thread_id": answer["thread_id"]},
        )
        return {one["step_id"]: one["model"].removeprefix("openai/") for one in rows}

    lookup = {"question": "How often are signing keys rotated?", "agent": "keeper"}
    assert await asked(lookup) == {"s1": "cheap", "synthesize": "cheap"}
    assert await asked(lookup, strong="keeper") == {"s1": "strong", "synthesize": "strong"}
    joined = {"question": PLAN["query"], "plan": PLAN}
    said = {"a": "standard", "b": "standard", "c": "strong", "synthesize": "standard"}
    assert await asked(joined) == said
    everywhere = await asked(joined, strong="keeper", more="    tier: cheap\n")
    assert everywhere == dict.fromkeys(said, "cheap")
