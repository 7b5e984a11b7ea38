"""Browsers open streams with a ticket: for one path, once, within a minute, with their own rights."""

import json
from collections.abc import Iterator

import psycopg
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from graph.server.app import create_app
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.two_tenants import door_settings, make_key

CHAT = {"assistant_id": "chat", "input": {"messages": []}}


@pytest.fixture
def browser(database_url: str) -> Iterator[TestClient]:
    app = create_app(door_settings(database_url, "default"), GRAPHS)
    with TestClient(app, base_url="http://server.example") as client:
        yield client


def ticket(browser: TestClient, key: str, path: str) -> str:
    reply = browser.post("/tickets", json={"path": path}, headers={"X-Api-Key": key})
    assert reply.status_code == 200, reply.text
    return reply.json()["ticket"]


def ended_run(browser: TestClient, database_url: str, key: str) -> str:
    """The path of the stream of a run that has ended, so that following it ends too."""
    run = browser.post("/runs", json=CHAT, headers={"X-Api-Key": key}).json()
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.events (run_id, event) values (%s, 'end')", (run["run_id"],)
        )
    return f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream"


def test_an_event_source_opens_once(database_url: str, browser: TestClient):
    key = make_key(database_url, "default", "asker")
    path = ended_run(browser, database_url, key)
    one = ticket(browser, key, path)
    assert "event: end" in browser.get(f"{path}?ticket={one}").text
    again = browser.get(f"{path}?ticket={one}")
    assert (again.status_code, again.json()["hint"]) == (401, "POST /tickets")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from ops.tickets").fetchone() == (0,)


def test_a_ticket_is_for_its_path_its_minute_and_its_workspace(
    database_url: str, browser: TestClient
):
    key = make_key(database_url, "default", "asker")
    path, other = (ended_run(browser, database_url, key) for _ in range(2))
    one = ticket(browser, key, path)
    assert browser.get(f"{other}?ticket={one}").status_code == 401
    assert browser.get(f"/approvals/pending?ticket={one}").status_code == 401
    assert browser.post(f"/threads?ticket={one}", json={}).status_code == 401
    theirs = create_app(door_settings(database_url, "b"), GRAPHS)
    with TestClient(theirs, base_url="http://server.example") as elsewhere:
        assert elsewhere.get(f"{path}?ticket={one}").status_code == 401
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select digest from ops.tickets").fetchone() != (one,)
        connection.execute("update ops.tickets set expires_at = now() - interval '1 second'")
    assert browser.get(f"{path}?ticket={one}").status_code == 401


def test_a_ticket_gives_no_more_than_its_key(database_url: str, browser: TestClient):
    admin = make_key(database_url, "default", "admin")
    limited = make_key(database_url, "default", "viewer", name="hr", agents=["hr"])
    path = ended_run(browser, database_url, admin)
    one = ticket(browser, limited, path)
    # A thread that may use every agent is not there for a key of one.
    assert browser.get(f"{path}?ticket={one}").status_code == 404
    cancels = ticket(browser, limited, path)
    assert browser.get(f"{path}?ticket={cancels}&cancel_on_disconnect=true").status_code == 404


@pytest.mark.parametrize("path", ["/threads/t", "/no/such", "/approvals/pending", "/tickets"])
def test_tickets_are_for_streams_only(database_url: str, browser: TestClient, path: str):
    key = make_key(database_url, "default", "admin")
    reply = browser.post("/tickets", json={"path": path}, headers={"X-Api-Key": key})
    assert reply.status_code == 422


def test_a_socket_opens_with_a_ticket_beside_its_protocol(database_url: str, browser: TestClient):
    key = make_key(database_url, "default", "viewer")
    one = ticket(browser, key, "/ws")
    offered = ["scriptorium", f"ticket.{one}"]
    with browser.websocket_connect("/ws", subprotocols=offered) as socket:
        assert socket.accepted_subprotocol == "scriptorium"
        socket.send_text(json.dumps({"subscribe": "none"}))
        assert "there is no session" in socket.receive_text()
        for odd in ("{", "[]", '{"subscribe": "a b"}', "x" * 20_000):
            socket.send_text(odd)
            assert "not understood" in socket.receive_text()
        socket.send_bytes(b"\x00")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert closed.value.code == 1003
    for again in (offered, ["scriptorium"], None):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect("/ws", subprotocols=again),
        ):
            pass
