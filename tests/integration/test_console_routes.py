"""What the console reads of knowledge and runs, over HTTP, from a real ledger."""

from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.doubles.two_tenants import make_key, tenant
from tests.doubles.writer_world import WriterWorld

KEYS = "# Keys\n\nKeys are kept in the safe.\n\n## Lost keys\n\nA lost key is told to the desk.\n"


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({"keys.md": KEYS, "doors.md": "# Doors\n\nDoors are shut at six.\n"})
    secret = "---\naudience: [board]\n---\n# Secret\n\nThe safe is behind the picture.\n"
    world.repository.remove(world.path("doors.md"))
    world.publish({
        "keys.md": KEYS.replace("the desk", "the porter"), "secret.md": secret,
        "windows.md": "# Windows\n\nWindows are opened at nine.\n", "broken.pdf": "no pdf at all",
    })  # fmt: skip
    return world


async def got(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_documents_and_changes_of_generations(http: httpx.AsyncClient, world: WriterWorld):
    base = f"/knowledge/{world.agent}"
    numbers = [one["number"] for one in (await got(http, f"{base}/generations"))["generations"]]
    after, before = numbers[0], numbers[1]
    documents = (await got(http, f"{base}/generations/{after}/documents"))["documents"]
    shown = {Path(one["path"]).name: one for one in documents}
    assert set(shown) == {"broken.pdf", "keys.md", "windows.md"}, (
        "what is for the board is not shown"
    )
    assert documents[0]["status"] == "quarantined"
    assert documents[0]["reason"]
    assert shown["keys.md"]["title"] == "Keys"
    assert shown["keys.md"]["chunks"] > 0
    changes = await got(http, f"{base}/changes", before=before, after=after)
    said = {Path(one["path"]).name: one for one in changes["documents"]}
    assert {name: one["change"] for name, one in said.items()} == {
        "broken.pdf": "added", "doors.md": "removed", "keys.md": "changed", "windows.md": "added",
    }  # fmt: skip
    assert said["keys.md"]["chunks_added"] >= 1
    assert said["keys.md"]["chunks_removed"] >= 1
    assert said["windows.md"]["chunks_added"] >= 1
    assert (await got(http, f"{base}/changes", before=after, after=after))["documents"] == []
    unknown = await http.get(f"{base}/generations/99/documents")
    assert unknown.status_code == 404
    assert (await http.get(f"{base}/changes", params={"before": 0, "after": 1})).status_code == 422


async def test_what_retention_left_nothing_of_is_said_to_be_gone(
    http: httpx.AsyncClient, world: WriterWorld, database_url: str
):
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "delete from kb.generation_documents where generation_id ="
            " (select min(generation_id) from kb.generations where agent_id = %s)",
            (world.agent,),
        )
    rows = (await got(http, f"/knowledge/{world.agent}/generations"))["generations"]
    after, before = rows[0]["number"], rows[-1]["number"]
    gone = await http.get(
        f"/knowledge/{world.agent}/changes", params={"before": before, "after": after}
    )
    assert gone.status_code == 410
    assert "not kept" in gone.json()["message"]


async def test_runs_measurements_and_gaps_are_those_of_the_callers_agents(database_url: str):
    evaluation = (
        "insert into ops.evaluations (workspace_id, kind, data, agent_id, model, figures, questions, measured_by)"
        " values ('a', 'retrieval', 'golden', %s, 'm', %s, '[]', 'ann')"
    )
    gap = (
        "insert into ops.knowledge_gaps (workspace_id, agent_id, question, words_sha256)"
        " values ('a', %s, 'who?', %s)"
    )
    with psycopg.connect(database_url) as connection:
        for agent in ("hr", "law"):
            connection.execute(evaluation, (agent, Jsonb({"ndcg@10": 0.5})))
            connection.execute(gap, (agent, agent))
    all_of_them = make_key(database_url, "a", "viewer")
    of_one = make_key(database_url, "a", "viewer", agents=["hr"], name="hal")
    async with tenant(database_url, "a") as server, tenant(database_url, "b") as other:
        for path, name in (("/evaluations", "evaluations"), ("/gaps", "gaps")):
            rows = (await server.call("GET", path, all_of_them)).json()[name]
            assert {one["agent_id"] for one in rows} == {"hr", "law"}
            rows = (await server.call("GET", path, of_one)).json()[name]
            assert {one["agent_id"] for one in rows} == {"hr"}
            refused = await server.call("GET", f"{path}?agent=law", of_one)
            assert refused.status_code == 404
            stranger = make_key(database_url, "b", "admin")
            assert (await other.call("GET", path, stranger)).json()[name] == []
        me = (await server.call("GET", "/me", of_one)).json()
        assert (me["name"], me["roles"], me["agents"]) == ("hal", ["viewer"], ["hr"])


async def test_a_run_has_its_question_also_when_it_goes_on(http: httpx.AsyncClient):
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    body = {"assistant_id": "chat", "input": {"question": "who?", "messages": []}}
    started = (await http.post(f"/threads/{thread}/runs", json=body)).json()["run_id"]
    runs = (await got(http, "/workflows"))["runs"]
    [mine] = [one for one in runs if one["run_id"] == started]
    assert (mine["question"], mine["goes_on"]) == ("who?", False)
    assert (await got(http, "/workflows", status="success"))["runs"] == []
    assert (await http.get("/workflows", params={"status": "odd"})).status_code == 422
