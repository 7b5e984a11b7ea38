"""Secrets are planted in settings, in a question, in what a tool says and in its error; no table keeps one."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from graph.agents.base_agent import BaseAgent
from kb_contract.kept_secrets import KeptSecrets, secrets_of
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.whole_reader import reader_settings, whole_reader

SETTING = "planted-in-a-setting-4d1f"
KEY = "kb_0123456789ab_" + "P" * 43
PROVIDER = "sk-planted0in0a0question0123456789"
COLUMNS = """
select c.table_schema, c.table_name, c.column_name, c.data_type = 'bytea'
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where t.table_type = 'BASE TABLE' and c.table_schema in ('ops', 'kb', 'langgraph', 'procrastinate')
"""


class Chatterbox(BaseAgent):
    """Says what it was started with, as tools do."""

    title = "Chatterbox"

    async def execute(self, query: str, **kwargs: Any) -> str:
        if "fail" in query:
            raise RuntimeError(f"401 for {SETTING} and {PROVIDER}")
        return f"The forecast is rain, says the tool with {SETTING}."


def places_of(database_url: str, planted: str) -> Iterator[str]:
    """Columns that hold it, packed or not."""
    with psycopg.connect(database_url) as connection:
        for schema, table, column, packed in connection.execute(COLUMNS).fetchall():
            kind = sql.SQL("bytea" if packed else "text")
            found = connection.execute(
                sql.SQL("select count(*) from {} where position(%s::{} in {}::{}) > 0").format(
                    sql.Identifier(schema, table), kind, sql.Identifier(column), kind
                ),
                (planted.encode() if packed else planted,),
            ).fetchone()
            if found and found[0]:
                yield f"{schema}.{table}.{column}"


@pytest.mark.timeout(180)
async def test_no_table_keeps_a_secret(database_url: str):
    settings = reader_settings(
        database_url, git_webhook_secret=f"another-one-at-hand,{SETTING}", query_timeout=20
    )
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    async with (
        whole_reader(settings, knowledge, {"chatterbox": Chatterbox}) as url,
        httpx.AsyncClient(base_url=url, timeout=90) as http,
    ):
        said = [
            {"question": f"How many days of leave? canary-9; my keys are {KEY}, {PROVIDER}, {SETTING}"},
            {"question": "What is the forecast?", "agent": "chatterbox"},
            {"question": "Will it fail?", "agent": "chatterbox"},
        ]  # fmt: skip
        told = [
            (await http.post("/orchestrate", json={**one, "wait": True})).raise_for_status().text
            for one in said
        ]
        noted = {
            "metadata": {"note": KEY},
            "assistant_id": "scriptorium",
            "input": {"question": "a?"},
        }
        await http.post("/runs/wait", json=noted)
    assert "rain, says the tool with [hidden]" in told[1]
    assert not any(one in text for one in (SETTING, KEY, PROVIDER) for text in told)
    assert list(places_of(database_url, "canary-9"))  # whoever looks would find
    for planted in (SETTING, KEY, PROVIDER):
        assert list(places_of(database_url, planted)) == []


def test_the_password_of_an_address_is_a_secret_of_its_own():
    settings = reader_settings(
        "postgresql://ann:very-secret@127.0.0.1:1/none", kb_api_key=SecretStr("k")
    )
    known = KeptSecrets.of(secrets_of(settings))
    assert known.hidden({"a": ["it was very-secret", 1]}) == {"a": ["it was [hidden]", 1]}
