"""LangGraph's own specification of a saver, all of it, on ours; and what it does not ask."""

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability

from graph.checkpoints import PostgresSaver, checkpoint_pool, open_saver, strict_serializer
from graph.state import Question
from kb_contract.agent_manifest import GateSettings


async def test_our_saver_does_everything_that_the_specification_knows(database_url: str):
    @checkpointer_test(name="PostgresSaver")
    async def ours() -> AsyncGenerator[PostgresSaver, None]:
        async with open_saver(database_url) as saver:
            yield saver

    report = await validate(ours)
    failures = {name: one.failures for name, one in report.results.items() if one.failures}
    assert failures == {}
    assert {name for name, one in report.results.items() if one.passed} == {
        one.value for one in Capability
    }


async def test_servers_that_start_together_set_up_once(database_url: str):
    async def start() -> None:
        async with open_saver(database_url, largest=2):
            pass

    await asyncio.gather(*(start() for _ in range(6)))
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await connection.execute(
            "select table_schema from information_schema.tables where table_name = 'checkpoints'"
        )
        assert await found.fetchall() == [("langgraph",)]


async def test_connections_that_died_are_not_handed_out(database_url: str):
    async with checkpoint_pool(database_url, largest=4) as pool:
        saver = PostgresSaver(pool)
        await saver.setup()
        config = {"configurable": {"thread_id": str(uuid.uuid4()), "checkpoint_ns": ""}}
        for _ in range(2):
            async with await psycopg.AsyncConnection.connect(
                database_url, autocommit=True
            ) as admin:
                await admin.execute(
                    "select pg_terminate_backend(pid, 60000) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )
            assert await saver.aget_tuple(config) is None


async def test_texts_that_postgres_refuses_are_cleaned_at_the_last_border(database_url: str):
    async with open_saver(database_url) as saver:
        config = {
            "configurable": {"thread_id": "t", "checkpoint_ns": ""},
            "metadata": {"from": "a\x00\ud800"},
        }
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"text": "a\x00\ud800b", "list": ["\udfff"]}
        checkpoint["channel_versions"] = versions = {"text": "1", "list": "1"}
        stored = await saver.aput(config, checkpoint, {"source": "input", "step": -1}, versions)
        read = await saver.aget_tuple(stored)
        assert read is not None
        assert read.checkpoint["channel_values"] == {"text": "a\ufffdb", "list": ["?"]}


class Gadget:
    """What an attacker with a hand in the database would store."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.getenv, ("HOME",)


def test_nothing_but_known_types_comes_back_from_a_checkpoint():
    strict = strict_serializer()
    permissive = type(strict)(pickle_fallback=True, allowed_msgpack_modules=True)
    with pytest.raises(NotImplementedError):
        strict.loads_typed(permissive.dumps_typed(Gadget()))
    foreign = strict.dumps_typed({"x": GateSettings(golden_at=3)})
    assert not isinstance(strict.loads_typed(foreign)["x"], GateSettings)
    question = Question(question="may a caller send this?")
    assert strict.loads_typed(strict.dumps_typed(question)) == question
