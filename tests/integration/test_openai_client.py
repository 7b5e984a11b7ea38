"""OpenAI's own client against the whole reader: at once, in pieces, in a session, and refused."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import openai
import pytest

from graph.server.app import stop_streams
from graph.settings import ReaderSettings
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import make_key, tenant
from tests.doubles.whole_reader import reader_settings, whole_reader

QUESTION = "How many days of leave do employees have?"


def known() -> InMemoryKnowledge:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    knowledge.add_document("it", "vpn.md", "# VPN\nThe VPN works with certificates.")
    return knowledge


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    settings: ReaderSettings = reader_settings(database_url, kb_auth="required")
    async with whole_reader(settings, known()) as address:
        yield address


def client(url: str, key: str, **more: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{url}/v1", api_key=key, max_retries=0, default_headers=more, timeout=60
    )


async def test_openais_client_is_answered(database_url: str, url: str):
    key = make_key(database_url, "default", "asker")
    async with client(url, key) as ask:
        names = {one.id for one in (await ask.models.list()).data}
        assert names == {"scriptorium", "scriptorium/hr", "scriptorium/it"}
        assert (await ask.models.retrieve("scriptorium/hr")).id == "scriptorium/hr"
        with pytest.raises(openai.NotFoundError, match="no model"):
            await ask.models.retrieve("scriptorium/nobody")
        said = await ask.chat.completions.with_raw_response.create(
            model="scriptorium", messages=[{"role": "user", "content": QUESTION}]
        )
        whole = said.parse()
        assert "28 days" in (whole.choices[0].message.content or "")
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage is not None
        assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
        ours = (whole.model_extra or {})["scriptorium"]
        assert ours["status"] == "completed"
        assert ours["citations"][0]["path"] == "leave.md"
        session = said.headers["x-session-id"]
        again = await ask.chat.completions.with_raw_response.create(
            model="scriptorium/hr",
            messages=[{"role": "user", "content": "And how many days of leave a year?"}],
            extra_headers={"X-Session-ID": session},
        )
        assert again.headers["x-session-id"] == session
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": key}) as http:
        state = (await http.get(f"/threads/{session}/state")).json()
        people = [one for one in state["values"]["messages"] if one["type"] == "human"]
        assert len(people) == 2
        listed = (await http.get("/sessions")).json()["sessions"]
        assert [one["session_id"] for one in listed] == [session]
        assert listed[0]["question"].startswith("And how")
        assert (await http.get(f"/sessions/{session}")).json()["status"] == "completed"


async def test_the_stream_is_the_answer_in_pieces(database_url: str, url: str):
    async with client(url, make_key(database_url, "default", "asker")) as ask:
        stream = await ask.chat.completions.create(
            model="scriptorium",
            messages=[
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "ask me"},
                {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
            ],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [one async for one in stream]
    pieces = [one.choices[0].delta.content or "" for one in chunks if one.choices]
    assert "28 days" in "".join(pieces)
    assert len([one for one in pieces if one]) >= 1
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].choices == []
    assert len({one.id for one in chunks}) == 1


async def test_refusals_have_openais_shape(database_url: str, url: str):
    ours = make_key(database_url, "default", "asker", agents=["hr"])
    ask_it = {"model": "scriptorium/it", "messages": [{"role": "user", "content": "vpn?"}]}
    async with client(url, ours) as ask, client(url, "sk-nobody") as stranger:
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.models.list()
        assert refused.value.type == "not_authenticated"
        with pytest.raises(openai.NotFoundError, match="no model"):
            await ask.chat.completions.create(**ask_it)
        assert "scriptorium/it" not in {one.id for one in (await ask.models.list()).data}
        with pytest.raises(openai.UnprocessableEntityError, match="user's question"):
            await ask.chat.completions.create(
                model="scriptorium", messages=[{"role": "assistant", "content": "x"}]
            )
    viewer = make_key(database_url, "default", "viewer")
    async with client(url, viewer) as looks:
        with pytest.raises(openai.PermissionDeniedError, match="role asker"):
            await looks.chat.completions.create(
                model="scriptorium", messages=[{"role": "user", "content": "x"}]
            )


async def test_a_run_keeps_to_the_agents_of_its_key(database_url: str, url: str):
    """The worker is told: what a limited key asks never reads another agent, whatever the plan says."""
    key = make_key(database_url, "default", "asker", agents=["hr"])
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": key}, timeout=60) as http:
        body = {"question": "How does the VPN work?", "wait": True}
        told = (await http.post("/orchestrate", json=body)).raise_for_status().json()
        assert not [one for one in told["citations"] or [] if one["agent_id"] == "it"]
        assert "certificates" not in (told["answer"] or "")
        refused = await http.post("/agents/it/execute", json={"question": "vpn?"})
        assert refused.status_code == 404
        mine = await http.post("/agents/hr/execute", json={"question": QUESTION})
        assert "28 days" in mine.json()["answer"]
    everyone = make_key(database_url, "default", "asker", name="bob")
    async with httpx.AsyncClient(base_url=url, headers={"X-Api-Key": everyone}, timeout=60) as http:
        told = (await http.post("/orchestrate", json=body)).raise_for_status().json()
        assert "certificates" in told["answer"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_server_that_ends_is_no_end_of_an_answer(database_url: str, stream: bool):
    """Whoever was cut off must not take what came so far, or nothing, for the whole of it."""
    key = make_key(database_url, "default", "asker")
    asked = {"messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    async with tenant(database_url, "default") as server:  # no worker: it goes on for ever
        asking = asyncio.create_task(server.call("POST", "/v1/chat/completions", key, asked))
        while (await server.call("POST", "/threads/count", key, {"status": "busy"})).json() == 0:
            assert not asking.done()
        stop_streams(server.app)
        told = await asking
    session = told.headers["X-Session-ID"] if stream else None
    assert "the server stops before the answer is there" in told.text
    assert f"GET /sessions/{session or ''}" in told.text
    if stream:
        assert '"type":"unavailable"' in told.text
        assert "[DONE]" not in told.text
        assert '"finish_reason":"stop"' not in told.text
    else:
        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
