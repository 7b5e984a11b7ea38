"""Who asks can name neither a model nor an address nor a header: the profile says whom we ask."""

import httpx
import pytest

from graph.gateways.postgres import LazyPool
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = pytest.mark.stack
QUESTION = "How often are signing keys rotated?"
HEADER = "x-of-the-caller"


async def test_what_a_run_says_of_models_has_no_effect(
    pool: LazyPool, provider: LoopbackProvider, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.says("no comment")
    provider.headers.clear()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_API_BASE", provider.api_base)
    knowledge = InMemoryKnowledge()
    knowledge.add_document(
        "keeper", "knowledge/keeper/keys.md", "# Keys\n\nSigning keys are rotated every 90 days.\n"
    )
    settings = reader_settings(database_url, llm_profile="openai/ours", classify_llm_below=0)
    with loopback_provider() as theirs:
        said = {
            "api_base": theirs.api_base, "base_url": theirs.api_base, "api_key": "sk-theirs",
            "model": "openai/theirs", "headers": {HEADER: "1"}, "extra_headers": {HEADER: "1"},
        }  # fmt: skip
        body = {
            "assistant_id": "scriptorium",
            "input": {"question": QUESTION, "agent": "keeper"},
            "config": {"configurable": said, "metadata": {"model": "openai/theirs"}},
        }
        async with whole_reader(settings, knowledge) as url, httpx.AsyncClient(timeout=60) as http:
            reply = await http.post(f"{url}/runs/wait", json=body)
        assert reply.status_code == 200, reply.text
        assert theirs.calls == []
    assert "every 90 days" in reply.json()["answer"]
    assert {one["model"] for one in provider.calls} == {"ours"}
    for headers in provider.headers:
        sent = {name.lower(): value for name, value in headers.items()}
        assert HEADER not in sent
        assert sent["authorization"] == "Bearer sk-test"
    rows = await pool.rows("select distinct model from ops.usage", {})
    assert [one["model"] for one in rows] == ["openai/ours"]
