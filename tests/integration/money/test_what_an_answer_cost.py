"""An answer says what it cost, with its share of what was paid to read the passages that it cites."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.gateways.postgres import LazyPool
from kb.ingestion import Ingestion
from kb_contract.named_queries import named_queries
from tests.doubles.composed_reader import composed_reader
from tests.doubles.git_repository import GitRepository
from tests.doubles.loopback_provider import LoopbackProvider
from tests.doubles.loopback_replies import Reply
from tests.doubles.reading_model import models_file, obedient
from tests.doubles.writer_world import WriterWorld

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
FACT = "Keys are rotated by Alice Moreau every 90 days."
PAGES = {
    "keys.md": f"# Keys\n\n{FACT}\n",
    "leave.md": "# Leave\n\nLeave lasts 30 days and is granted by Human Resources.\n",
    "agent.yaml": "gate: {canary: 'off', max_shrink: 1.0}\nextraction: {enabled: true}\n",
}
QUESTION = "How often are keys rotated?"
CLAIMS = {"claims": [{"text": "They are rotated every 90 days.", "quotes": [{"passage": "p1", "quote": FACT}]}]}  # fmt: skip


def as_asked(call: dict[str, Any]) -> Reply:
    reads = '"passage":' in call["messages"][1]["content"]
    return Reply(text=obedient(call) if reads else json.dumps(CLAIMS))


@pytest.fixture
def file(tmp_path: Path, provider: LoopbackProvider) -> str:
    return models_file(tmp_path, provider)


@pytest.fixture
def world(
    tmp_path: Path, file: str, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    made = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id,
        llm_profile="house", llm_profiles=file, extraction_ask_above=9,
    )  # fmt: skip
    yield made
    made.close()


async def test_what_was_asked_and_what_was_read_are_in_it(
    world: WriterWorld, file: str, provider: LoopbackProvider, pool: LazyPool
) -> None:
    provider.script = as_asked
    world.commit(PAGES)
    ingestion = Ingestion(world.definitions, world.ledger, world.instance)
    done = await asyncio.to_thread(
        lambda: ingestion.run(world.agent, uncommitted=False, force=False)
    )
    assert done.ok
    reading = provider.dollars()
    live = world.live().generation_id
    read = {one["path"]: one["cost"] for one in world.ledger.extractions.of_generation(live, 9)}
    assert sum(read.values()) == pytest.approx(reading, abs=1e-7)

    said: list[dict[str, Any]] = []
    async with composed_reader(
        world, llm_profile="house", llm_profiles=file, classify_llm_below=0
    ) as reader:
        for share in (1, 2):  # the second answer that cites the passage has half of it
            before, calls = provider.dollars(), len(provider.calls)
            answer = await reader.ask(QUESTION, agent=world.agent)
            said.append(answer)
            assert [one["path"] for one in answer["citations"]] == [
                f"knowledge/{world.agent}/keys.md"
            ]
            usage = answer["usage"]
            assert usage["calls"] == len(provider.calls) - calls > 0
            assert usage["cost"] == pytest.approx(provider.dollars() - before, abs=1e-9)
            assert usage["knowledge_cost"] == pytest.approx(_of_keys(read) / share, abs=1e-8)
            assert (usage["estimated"], usage["models"]) == (False, ["openai/reader"])
        assert reader.outside.model is not None
        await reader.outside.model.close()

    kept = await pool.rows("select answer_id, usage from ops.answers order by created_at", {})
    assert [one["usage"] for one in kept] == [one["usage"] for one in said]
    values = {"workspace": "default", "since": "-infinity", "until": None}
    costly = await pool.rows(named_queries("costs")["costly_questions"], values)
    # Seen from now, both have half.
    assert [one["knowledge_cost"] for one in costly] == pytest.approx(
        [_of_keys(read) / 2] * 2, abs=1e-8
    )
    assert sum(one["cost"] for one in costly) == pytest.approx(provider.dollars() - reading, abs=1e-8)  # fmt: skip


def _of_keys(read: dict[str, float]) -> float:
    [cost] = [cost for path, cost in read.items() if path.endswith("keys.md")]
    assert cost > 0
    return cost
