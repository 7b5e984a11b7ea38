"""Finished answers and their citations, kept once."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graph.gateways.postgres import Connection, LazyPool
from graph.ports import FinishedAnswer
from kb_contract.identifiers import sha256_text
from kb_contract.named_queries import named_queries

_ANSWER = """
insert into ops.answers (workspace_id, answer_id, thread_id, run_id, trace_id, question, query_type, status,
                         answer, plan, usage, timings, generations, coverage, conflicts, as_of,
                         cached_from)
values (%(workspace)s, %(answer_id)s, %(thread_id)s, %(run_id)s, %(trace_id)s, %(question)s,
        %(query_type)s, %(status)s, %(answer)s, %(plan)s, %(usage)s, %(timings)s, %(generations)s, %(coverage)s,
        %(conflicts)s, %(as_of)s, %(cached_from)s)
on conflict (answer_id) do nothing
"""
_CITATION = """
insert into ops.citations (answer_id, ordinal, agent_id, generation, chunk_id, path, git_sha,
                           start_offset, end_offset, quote, heading_path, page, score,
                           dagster_run_id)
values (%(answer_id)s, %(ordinal)s, %(agent_id)s, %(generation)s, %(chunk_id)s, %(path)s, %(sha)s,
        %(start)s, %(end)s, %(quote)s, %(heading_path)s, %(page)s, %(score)s,
        %(run_id)s)
on conflict (answer_id, ordinal) do nothing
"""


@dataclass(frozen=True)
class PostgresAnswerLog:
    """The real `AnswerLog`: an answer with all its citations and gaps, or nothing of it."""

    pool: LazyPool
    workspace: str

    async def keep(self, answer: FinishedAnswer) -> None:
        async with self.pool.connection() as connection, connection.transaction():
            values = {"workspace": self.workspace, **_answer_values(answer)}
            await connection.execute(_ANSWER.encode(), values)
            await _keep_citations(connection, answer)
            await self._keep_gaps(connection, answer)
            if answer.cached_from:
                await self._keep_use(connection, answer)

    async def _keep_gaps(self, connection: Connection, answer: FinishedAnswer) -> None:
        """Keep what nobody could answer; the same words asked again are the same gap."""
        statement = named_queries("evaluations")["keep_gap"].encode()
        for agent, question in answer.unanswered:
            words = " ".join(re.findall(r"\w+", question.casefold()))
            values = {
                "workspace": self.workspace, "agent": agent, "question": question,
                "words": sha256_text(words), "answer_id": answer.answer_id,
            }  # fmt: skip
            await connection.execute(statement, values)

    async def _keep_use(self, connection: Connection, answer: FinishedAnswer) -> None:
        """Put it into the books: asked, and nothing paid."""
        values = {"workspace": self.workspace, "thread_id": answer.thread_id or None,
                  "run_id": answer.run_id or None, "user": answer.asked_by}  # fmt: skip
        await connection.execute(named_queries("caches")["keep_cached_use"].encode(), values)


async def _keep_citations(connection: Connection, answer: FinishedAnswer) -> None:
    for ordinal, citation in enumerate(answer.citations, start=1):
        values = {
            **citation,
            "answer_id": answer.answer_id,
            "ordinal": ordinal,
            "chunk_id": UUID(citation["chunk_id"]),
        }
        await connection.execute(_CITATION.encode(), values)


def _answer_values(answer: FinishedAnswer) -> dict[str, Any]:
    generations = {one["agent_id"]: one["generation"] for one in answer.citations}
    plain = ("answer_id", "thread_id", "run_id", "trace_id", "question", "query_type", "status")
    return {
        **{name: getattr(answer, name) for name in (*plain, "answer")},
        "plan": json.dumps(answer.plan),
        "usage": json.dumps(answer.usage),
        "timings": json.dumps(answer.timings),
        "generations": json.dumps(generations),
        "coverage": json.dumps(answer.coverage),
        "conflicts": json.dumps(list(answer.conflicts)),
        "as_of": answer.as_of,
        "cached_from": answer.cached_from,
    }
