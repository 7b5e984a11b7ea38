"""How far a run's plan is, and what its steps took, as Postgres has them."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import psycopg
from pydantic import SecretStr

from graph.agents.registry import neutral_registry
from graph.classification.rules import classify
from graph.gateways.postgres import LazyPool
from graph.gateways.step_history import PostgresStepHistory
from graph.planning.agent_choice import no_affinity
from graph.planning.rules import RulePlanner
from graph.planning.workflow_plan import WorkflowPlan
from tests.doubles.http_of_app import http_of, server_on

Say = Mapping[str, Any]


async def plan() -> WorkflowPlan:
    question = "Compare oak and pine and order the cheaper one"
    return await RulePlanner().plan(question, classify(question), neutral_registry(), no_affinity)


def keep_run(database_url: str, run_id: str, events: list[Say], tokens: int = 0) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.threads (thread_id) values ('t') on conflict do nothing"
        )
        connection.execute(
            "insert into ops.runs (run_id, thread_id, assistant_id, kwargs, status)"
            " values (%s, 't', 'a', '{}', 'interrupted')",
            [run_id],
        )
        for event in events:
            connection.execute(
                "insert into ops.events (run_id, event, data) values (%s, 'custom', %s)",
                [run_id, json.dumps(event)],
            )
        connection.execute(
            "insert into ops.usage (run_id, step_id, model, prompt_tokens, completion_tokens, cost, source)"
            " values (%s, 's1', 'm', %s, 0, 0.5, 'provider')",
            [run_id, tokens],
        )


def of_step(made: WorkflowPlan, at: int, kind: str, **more: Any) -> Say:
    step = made.steps[at]
    return {"type": kind, "step": step.step_id, "agent": step.agent, "capability": step.capability, **more}  # fmt: skip


async def test_the_graph_of_a_run_has_states_and_a_picture(database_url: str):
    async with http_of(server_on(database_url)) as http:
        await _graph_with_states(http, database_url)


async def _graph_with_states(http: httpx.AsyncClient, database_url: str) -> None:
    made = await plan()
    keep_run(database_url, "run-1", [
        {"type": "plan", "plan": made.model_dump(mode="json")},
        of_step(made, 0, "step_started"),
        of_step(made, 0, "step_finished", status="done", seconds=1.5),
        of_step(made, 3, "approval_asked"),
    ])  # fmt: skip
    found = (await http.get("/workflows/run-1/graph")).json()
    assert [one["status"] for one in found["steps"]] == [
        "done", "waiting", "waiting", "awaiting_approval",
    ]  # fmt: skip
    assert (found["finished"], found["of"], found["digest"]) == (1, 4, made.digest())
    assert found["steps"][0]["seconds"] == 1.5
    picture = await http.get("/workflows/run-1/graph", params={"format": "mermaid"})
    assert picture.text == found["mermaid"]
    assert picture.text.startswith("flowchart TD")
    # A later run of the thread goes on with the same plan.
    keep_run(database_url, "run-2", [of_step(made, 3, "step_finished", status="done", seconds=2.0)])
    later = (await http.get("/workflows/run-2/graph")).json()
    assert [one["status"] for one in later["steps"]] == ["done", "waiting", "waiting", "done"]


async def test_what_is_not_there_is_said(database_url: str):
    async with http_of(server_on(database_url)) as http:
        await _refusals(http, database_url)


async def _refusals(http: httpx.AsyncClient, database_url: str) -> None:
    assert (await http.get("/workflows/nobody/graph")).status_code == 404
    keep_run(database_url, "empty", [])
    answer = await http.get("/workflows/empty/graph")
    assert answer.status_code == 404
    assert "no plan" in answer.text
    assert (await http.get("/workflows/empty/graph?format=png")).status_code == 422


async def test_the_history_has_the_middle_of_what_steps_took(database_url: str):
    made = await plan()
    for number, seconds in enumerate((1.0, 2.0, 9.0)):
        keep_run(database_url, f"run-{number}", [
            of_step(made, 0, "step_started"),
            of_step(made, 0, "step_finished", status="done", seconds=seconds),
            of_step(made, 1, "step_started"),
            of_step(made, 1, "step_failed", status="failed", seconds=60.0),
        ], tokens=100 * (number + 1))  # fmt: skip
    pool = LazyPool(SecretStr(database_url))
    now = [0.0]
    history = PostgresStepHistory(pool, clock=lambda: now[0])
    try:
        found = await history.measured()
        one = found["any_knowledge", "knowledge"]
        assert (one.steps, one.seconds, one.tokens, one.cost) == (3, 2.0, 200, 0.5)
        assert await history.measured() is found
        now[0] = 100.0
        assert await history.measured() is not found
        assert await PostgresStepHistory(pool, "another").measured() == {}
    finally:
        await pool.close()
