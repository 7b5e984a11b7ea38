"""Our own MCP server, asked by the official client over HTTP and over stdio."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.whole_reader import reader_settings, whole_reader

ROOT = Path(__file__).parents[2]
BERTHS = "# Guest berths\n\nA visiting yacht may stay at the guest berth for 48 hours.\n"
FEES = "# Fees\n\nThe mooring fee for kayaks is {} EUR a day.\n"
QUESTION = "How long may a visiting yacht stay at the guest berth?"
KEY = "a-long-secret"


@pytest.fixture
def knowledge() -> InMemoryKnowledge:
    made = InMemoryKnowledge()
    made.add_agent("harbour_rules", purpose="What yachts and ships may do in the harbour")
    made.add_document("harbour_rules", "berths.md", BERTHS)
    made.add_document("harbour_rules", "fees.md", FEES.format(5))
    made.add_document("harbour_rules", "fees-2019.md", FEES.format(7))
    return made


@pytest.fixture
async def url(database_url: str, knowledge: InMemoryKnowledge) -> AsyncIterator[str]:
    async with whole_reader(reader_settings(database_url), knowledge) as address:
        yield address


async def call(client: Client, name: str, **arguments: Any) -> Any:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def use_all_tools(client: Client) -> None:
    tools = {one.name: one for one in (await client.list_tools()).tools}
    assert set(tools) == {"search_knowledge", "ask", "list_agents", "pending_approvals"}
    assert all(one.description for one in tools.values())
    assert {name for name, one in tools.items() if one.annotations.read_only_hint} == {
        "search_knowledge", "list_agents", "pending_approvals",
    }  # fmt: skip
    agents = await call(client, "list_agents")
    assert "harbour_rules" in {one["agent_id"] for one in agents["agents"]}
    found = await call(client, "search_knowledge", query=QUESTION, limit=1)
    assert [(one["path"], one["agent_id"]) for one in found["passages"]] == [
        ("berths.md", "harbour_rules")
    ]
    told = await call(client, "ask", question=QUESTION)
    assert told["status"] == "completed"
    assert "48 hours" in told["answer"]
    assert told["citations"][0]["quote"] in BERTHS
    [covered] = [one for one in told["coverage"]["sentences"] if one["supported"]]
    assert "48 hours" in covered["text"]
    assert (covered["citations"], told["coverage"]["supported"]) == ([1], 1)
    assert told["conflicts"] == []
    differ = await call(client, "ask", question="What is the mooring fee for kayaks?")
    [conflict] = differ["conflicts"]
    assert {(one["path"], one["quote"] in FEES.format(5) + FEES.format(7)) for one in conflict["sides"]} == {
        ("fees.md", True), ("fees-2019.md", True),
    }  # fmt: skip
    wants = await call(client, "ask", question="Refresh the knowledge of harbour_rules")
    assert wants["status"] == "awaiting_approval"
    waiting = await call(client, "pending_approvals")
    assert {one["thread_id"] for one in waiting["approvals"]} == {wants["session"]}


async def test_over_http(url: str):
    async with Client(f"{url}/mcp") as client:
        assert "citations" in (client.instructions or "")
        await use_all_tools(client)
        refused = await client.call_tool("search_knowledge", {"query": "x", "agent": "nobody"})
        assert refused.is_error
        assert "harbour_rules" in str(refused.content)
        assert (await client.call_tool("ask", {"question": 7})).is_error
    async with Client(f"{url}/mcp", mode="legacy") as client:
        assert len((await client.list_tools()).tools) == 4
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/mcp")).status_code == 405
        foreign = {"origin": "https://evil.example"}
        assert (await http.post("/mcp", json={}, headers=foreign)).status_code == 403
        assert (await http.post("/mcp", json={}, headers={"host": "evil"})).status_code == 403


async def test_over_stdio(url: str):
    environment = {**os.environ, "API_URL": url, "KB_HOME": "/nonexistent"}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "kb", "mcp"], env=environment, cwd=ROOT
    )
    async with Client(command) as client:
        await use_all_tools(client)


async def test_whoever_has_no_key_gets_nothing(database_url: str, knowledge: InMemoryKnowledge):
    settings = reader_settings(database_url, kb_auth="required", kb_api_key=KEY)
    async with whole_reader(settings, knowledge) as url:
        async with httpx.AsyncClient(base_url=url) as plain:
            assert (await plain.post("/mcp", json={})).status_code == 401
        with pytest.raises(ExceptionGroup):
            async with Client(f"{url}/mcp") as client:
                await client.list_tools()
        http = create_mcp_http_client(headers={"X-Api-Key": KEY})
        async with http, Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client:
            assert (await call(client, "list_agents"))["agents"]
