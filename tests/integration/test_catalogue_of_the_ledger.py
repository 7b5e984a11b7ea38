"""The catalogue reads the ledger by fixed statements, as a role that can only select."""

import psycopg
import pytest
from pydantic import SecretStr

from graph.gateways.catalogue_queries import CatalogueQueries, topic_of
from graph.gateways.knowledge_reader import utc_now
from graph.gateways.postgres import READER_ROLE, LazyPool
from graph.planning.workflow_plan import AgentCapability
from graph.retrieval.rights import Rights

HARBOUR = AgentCapability(
    agent_id="harbour", title="Harbour", purpose="", kind="rag", capabilities=("knowledge",)
)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Which tables does the ledger have?", "tables"),
        ("When was the last ingest?", "runs"),
        ("Which incidents are open?", "incidents"),
        ("Which generations are there?", "generations"),
        ("Which documents do you have?", "documents"),
    ],
)
async def test_each_topic_is_a_statement_that_runs(database_url: str, question: str, topic: str):
    assert topic_of(question) == topic
    pool = LazyPool(SecretStr(database_url), role=READER_ROLE)
    queries = CatalogueQueries(pool, "default")
    rows = await queries.answer(question, [HARBOUR], Rights(("everyone",), utc_now()))
    assert {one["kind"] for one in rows} <= {topic}
    if topic == "tables":
        names = {one["table"] for one in rows}
        assert {"documents", "chunks", "generations"} <= names
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await pool.rows("delete from kb.documents", {})
    await pool.close()
