"""Calls that may change something, once per key, and long outputs, once per content."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from graph.gateways.postgres import LazyPool
from graph.ports import KeptCall, ToolAnswer
from kb_contract.errors import BadInput
from kb_contract.identifiers import sha256_text
from kb_contract.named_queries import named_queries


@dataclass(frozen=True)
class PostgresToolLog:
    """The real `ToolLog`."""

    pool: LazyPool
    workspace: str

    async def begin(self, key: str, tool: str, arguments: dict[str, Any]) -> KeptCall:
        statements = named_queries("tools")
        values = {"key": key, "tool": tool, "arguments": Jsonb(arguments)}
        async with self.pool.connection() as connection:
            inserted = await connection.execute(statements["begin_call"].encode(), values)
            found = await connection.execute(statements["call"].encode(), {"key": key})
            row = await found.fetchone()
        if row is None or row["tool"] != tool or row["arguments"] != arguments:
            raise BadInput(
                "this key was used for another call", where=tool, cure="ask again as a new question"
            )
        answer = None
        if row["status"] != "started":
            answer = ToolAnswer(row["answer"] or "", row["structured"], row["status"] == "failed")
        return KeptCall(row["status"], inserted.rowcount == 1, answer)

    async def end(self, key: str, answer: ToolAnswer) -> None:
        values = {
            "key": key,
            "status": "failed" if answer.failed else "done",
            "answer": answer.text,
            "structured": None if answer.structured is None else Jsonb(answer.structured),
        }
        await self._run("end_call", values)

    async def keep_output(self, text: str) -> str:
        digest = sha256_text(text)
        await self._run(
            "keep_output", {"workspace": self.workspace, "sha256": digest, "content": text}
        )
        return digest

    async def _run(self, name: str, values: dict[str, Any]) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(named_queries("tools")[name].encode(), values)
