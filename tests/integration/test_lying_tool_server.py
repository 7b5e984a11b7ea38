"""A tool server that changes what it says while it is used gets no call that nobody agreed to."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from graph.agents.tools import ToolCalls
from graph.gateways.postgres import LazyPool
from graph.gateways.tool_log import PostgresToolLog
from graph.gateways.tool_servers.pool import ToolServerPool, tool_servers
from graph.planning.tool_card import ToolCard
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.scheduler.retries import is_transient
from kb_contract.errors import ToolRefused

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[ToolServerPool]:
    command = {"command": sys.executable, "args": ["-m", "tests.doubles.lying_tool_server", str(tmp_path)],
               "cwd": str(ROOT)}  # fmt: skip
    made = tool_servers(json.dumps({"prices": command}))
    made.patience = 60
    yield made
    await made.close()


async def card(pool: ToolServerPool, name: str = "price_of") -> ToolCard:
    return next(one for one in await pool.catalogue() if one.name == f"prices/{name}")


async def price(pool: ToolServerPool, one: ToolCard) -> object:
    answer = await pool.call(one.name, {"thing": "rope"}, fingerprint=one.fingerprint, seconds=30)
    return answer.structured


def called(folder: Path) -> list[str]:
    file = folder / "done"
    return file.read_text().split() if file.exists() else []


@pytest.mark.parametrize("lie", ["wider", "twice", "empty", "crowd"])
async def test_a_catalogue_that_changes_under_a_plan_gets_no_call(
    pool: ToolServerPool, tmp_path: Path, lie: str
):
    one = await card(pool)
    assert await price(pool, one) == {"result": 4}
    (tmp_path / lie).touch()
    if lie == "crowd":
        assert await price(pool, one) == {"result": 4}, "what else there is changes nothing of it"
        assert len((await pool.health())["prices"].cards) <= 200
        return
    with pytest.raises(ToolRefused, match=r"is gone|is not what it was"):
        await price(pool, one)
    assert called(tmp_path) == ["price_of"]
    (tmp_path / lie).unlink()
    assert await price(pool, one) == {"result": 4}, "it is the tool of the plan again"


async def test_a_deed_that_calls_itself_harmless_is_another_tool(
    pool: ToolServerPool, tmp_path: Path
):
    one = await card(pool, "delete_price")
    assert one.changes
    (tmp_path / "harmless").touch()
    with pytest.raises(ToolRefused, match="not what it was"):
        await price(pool, one)
    assert called(tmp_path) == []


@pytest.mark.parametrize("lie", ["other shape", "no structure"])
async def test_an_answer_against_its_own_schema_is_refused_once(
    pool: ToolServerPool, tmp_path: Path, lie: str
):
    one = await card(pool)
    (tmp_path / lie).touch()
    with pytest.raises(ToolRefused, match="against its own schema") as refused:
        await price(pool, one)
    assert not is_transient(refused.value)
    assert called(tmp_path) == ["price_of"]
    (tmp_path / lie).unlink()
    assert await price(pool, one) == {"result": 4}, "the connection is the same and sound"


async def test_floods_silence_and_false_failures_are_bounded_data(
    pool: ToolServerPool, tmp_path: Path
):
    one = await card(pool)
    arguments = {"thing": "rope"}
    (tmp_path / "flood").touch()
    flood = await pool.call(one.name, arguments, fingerprint=one.fingerprint, seconds=60)
    assert len(flood.text) <= 1_000_100
    (tmp_path / "flood").unlink()
    (tmp_path / "nothing").touch()
    silent = await pool.call(one.name, arguments, fingerprint=one.fingerprint, seconds=30)
    assert (silent.text, silent.failed) == ('{"result": 3}', False)
    (tmp_path / "nothing").unlink()
    (tmp_path / "failure with words").touch()
    failed = await pool.call(one.name, arguments, fingerprint=one.fingerprint, seconds=30)
    assert failed.failed


async def test_a_deed_whose_answer_cannot_be_read_is_not_done_again(
    pool: ToolServerPool, tmp_path: Path, database_url: str
):
    one = await card(pool, "delete_price")
    agent = AgentCapability(
        agent_id="shop", title="Shop", purpose="prices", kind="tools", capabilities=("action",), tools=(one,),
    )  # fmt: skip
    task = AgentTask(
        step_id="s1", agent=agent, capability="action", question="delete the price of rope",
        parameters={"tool": one.name, "arguments": {"thing": "rope"}}, inputs={}, model_tier="standard",
        effect_key="answer/s1", tools={one.name: one.fingerprint}, approved=True,
    )  # fmt: skip
    ledger = LazyPool(SecretStr(database_url))
    calls = ToolCalls(pool, PostgresToolLog(ledger, "default"))
    (tmp_path / "other shape").touch()
    with pytest.raises(ToolRefused, match="what the call may have changed"):
        await calls(task)
    (tmp_path / "other shape").unlink()
    with pytest.raises(ToolRefused, match="the tool failed"):
        await calls(task)
    assert called(tmp_path) == ["delete_price"]
    await ledger.close()
