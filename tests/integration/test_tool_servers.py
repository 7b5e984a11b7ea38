"""The pool of tool servers against real MCP servers, over stdio and over HTTP."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.gateways.tool_servers.pool import ToolServerPool, tool_servers
from graph.planning.tool_card import ToolCard
from kb.processes import spawn
from kb_contract.errors import BadSetting, ToolRefused, ToolUnavailable
from tests.conftest import free_port, wait_for
from tests.doubles.flooding_tool_server import ENOUGH, flooding

ROOT = Path(__file__).parents[2]
SERVER = "tests.doubles.tool_server"


def stdio(folder: Path, **more: Any) -> dict[str, Any]:
    command = {"command": sys.executable, "args": ["-m", SERVER, str(folder)], "cwd": str(ROOT)}
    return {"notes": {**command, **more}}


def started(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    process = spawn(
        [sys.executable, "-m", SERVER, str(folder), str(port)],
        env={"PATH": "/usr/bin:/bin"}, log=folder / "log", cwd=ROOT, die_with_parent=True,
    )  # fmt: skip
    wait_for(lambda: _answers(port), "the tool server")
    return process


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/mcp", timeout=1)
    except httpx.TransportError:
        return False
    return True


@pytest.fixture
def http_server(tmp_path: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    port = free_port()
    process = started(tmp_path, port)
    yield port, process
    process.kill()
    process.wait(timeout=10)


@pytest.fixture(params=["stdio", "http"])
async def pool(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ToolServerPool]:
    if request.param == "stdio":
        made = patient(stdio(tmp_path))
    else:
        port, _ = request.getfixturevalue("http_server")
        made = patient({"notes": {"url": f"http://127.0.0.1:{port}/mcp"}})
    yield made
    await made.close()


def patient(setting: dict[str, Any]) -> ToolServerPool:
    """Tests share the machine, so a server may take long to start."""
    pool = tool_servers(json.dumps(setting))
    pool.patience = 60
    return pool


async def card(pool: ToolServerPool, name: str) -> ToolCard:
    return next(one for one in await pool.catalogue() if one.name == f"notes/{name}")


async def call(pool: ToolServerPool, name: str, seconds: float = 20, **arguments: Any) -> Any:
    one = await card(pool, name)
    return await pool.call(one.name, arguments, fingerprint=one.fingerprint, seconds=seconds)


async def test_what_a_server_offers_is_known_and_called(pool: ToolServerPool):
    cards = {one.name: one for one in await pool.catalogue()}
    assert len(cards) == 9
    assert not cards["notes/get_forecast"].changes
    assert cards["notes/delete_note"].changes
    assert cards["notes/add_note"].changes  # it does not say, so it is taken to
    answer = await call(pool, "get_forecast", city="Oslo")
    assert (answer.text, answer.failed) == ("In Oslo it will rain, 12 degrees.", False)
    assert (await call(pool, "always_fails")).failed


async def test_a_tool_that_changed_since_is_another_tool(pool: ToolServerPool, tmp_path: Path):
    before = await card(pool, "get_forecast")
    (tmp_path / "changed").touch()
    with pytest.raises(ToolRefused, match="not what it was when the plan was made"):
        await pool.call(before.name, {"city": "Oslo"}, fingerprint=before.fingerprint, seconds=20)
    assert not (tmp_path / "done").exists()
    with pytest.raises(ToolRefused, match="not what it was"):
        await pool.check(before.name, fingerprint=before.fingerprint)
    assert (await card(pool, "get_forecast")).fingerprint != before.fingerprint
    with pytest.raises(ToolRefused, match="gone"):
        await pool.call("notes/none", {}, fingerprint="x", seconds=20)
    with pytest.raises(ToolRefused, match="no tool server 'other'"):
        await pool.call("other/none", {}, fingerprint="x", seconds=20)


async def test_a_call_has_its_time(pool: ToolServerPool):
    await pool.catalogue()
    with pytest.raises(ToolUnavailable, match=r"no answer within 0\.3 s"):
        await _slow(pool)
    assert (await call(pool, "get_forecast", city="Rome")).text.startswith("In Rome")


async def _slow(pool: ToolServerPool) -> Any:
    one = await card(pool, "wait")
    return await pool.call(one.name, {"seconds": 30}, fingerprint=one.fingerprint, seconds=0.3)


async def test_calls_run_side_by_side_on_one_connection(pool: ToolServerPool, tmp_path: Path):
    one = await card(pool, "wait")
    began = asyncio.get_running_loop().time()
    await asyncio.gather(
        *(
            pool.call(one.name, {"seconds": 0.5}, fingerprint=one.fingerprint, seconds=20)
            for _ in range(8)
        )
    )
    assert asyncio.get_running_loop().time() - began < 3
    assert len((tmp_path / "started").read_text().splitlines()) == 1


async def test_a_server_that_dies_is_started_again(tmp_path: Path):
    pool = patient(stdio(tmp_path))
    with pytest.raises(ToolUnavailable, match="notes"):
        await call(pool, "crash_server")
    assert (await call(pool, "get_forecast", city="Oslo")).text.startswith("In Oslo")
    assert len((tmp_path / "started").read_text().splitlines()) == 2
    await pool.close()


async def test_a_server_elsewhere_may_go_and_come_back(tmp_path: Path):
    port = free_port()
    process = started(tmp_path, port)
    pool = patient({"notes": {"url": f"http://127.0.0.1:{port}/mcp"}})
    one = await card(pool, "get_forecast")
    process.kill()
    process.wait(timeout=10)
    with pytest.raises(ToolUnavailable):
        await pool.call(one.name, {"city": "Oslo"}, fingerprint=one.fingerprint, seconds=10)
    process = started(tmp_path, port)
    assert (await call(pool, "get_forecast", city="Oslo")).text.startswith("In Oslo")
    await pool.close()
    process.kill()
    process.wait(timeout=10)


async def test_a_server_that_is_away_takes_only_its_own_tools_along(tmp_path: Path):
    away = {
        "gone": {"url": f"http://127.0.0.1:{free_port()}/mcp"},
        "none": {"command": "/no/such/program"},
        "mute": {"command": sys.executable, "args": ["-c", "import time; time.sleep(60)"]},
    }
    pool = patient({**stdio(tmp_path), **away})
    for one in pool.connections.values():
        one.connect_seconds = 60 if one.spec.name == "notes" else 1
    assert {one.server for one in await pool.catalogue()} == {"notes"}
    seen = await pool.health()
    assert {name for name, one in seen.items() if one.trouble} == set(away)
    await pool.close()


async def test_what_the_operator_says_of_a_tool_counts(tmp_path: Path):
    setting = stdio(tmp_path, read_only=["add_*"], changing=["get_forecast"])
    pool = patient(setting)
    assert not (await card(pool, "add_note")).changes
    assert (await card(pool, "get_forecast")).changes
    await pool.close()


def test_servers_may_stand_in_a_file(tmp_path: Path):
    file = tmp_path / "servers.yaml"
    file.write_text(
        "mcpServers:\n  a: {command: run, env: {KEY: secret}}\n  b: {url: 'http://x/mcp'}\n"
    )
    pool = tool_servers(str(file))
    assert list(pool.connections) == ["a", "b"]
    assert "secret" not in repr(pool.connections["a"].spec)
    assert tool_servers("").connections == {}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("{", "cannot be read"),
        ("/no/such/file.yaml", "No such file"),
        ('{"a": {}}', "a: .*either a command or a url"),
        ('{"a": {"command": "x", "url": "http://y"}}', "either a command or a url"),
        ('{"A b": {"url": "http://y"}}', "A b.name"),
        ('{"a": {"url": "ftp://y"}}', "a.url"),
        ('{"a": {"url": "http://y", "colour": 1}}', "a.colour"),
        ("[1]", "No such file|object of servers"),
    ],
)
def test_what_is_wrong_with_the_setting_is_said(setting: str, said: str):
    with pytest.raises(BadSetting, match=said):
        tool_servers(setting)


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_an_answer_without_end_is_cut_off(kind: str):
    with flooding(kind) as (url, sent):
        pool = patient({"flood": {"url": url}})
        health = (await pool.health())["flood"]
        await pool.close()
    assert health.cards == ()
    assert "does not answer" in health.trouble
    assert 0 < sent() < ENOUGH / 2, "it was cut off, and not by its own end"
