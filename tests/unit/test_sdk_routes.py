"""What langgraph_sdk asks for, this server has, or says why not."""

import pytest
from pydantic import SecretStr

from graph.server.app import create_app
from graph.server.door.route_finder import RouteFinder
from graph.server.unavailable import REASONS
from graph.settings import ReaderSettings
from kb.sdk_routes import SdkCall, sdk_calls

CALLS = sdk_calls()
REFUSED = set(REASONS)


@pytest.fixture(scope="module")
def finder() -> RouteFinder:
    nowhere = ReaderSettings(
        database_url=SecretStr("postgresql://"), qdrant_url="http://127.0.0.1:1"
    )
    return RouteFinder.of(create_app(nowhere, {}))


def test_all_of_its_clients_are_read():
    assert len(CALLS) >= 51
    assert {one.client for one in CALLS} == {"assistants", "threads", "runs", "crons", "store"}
    assert SdkCall("runs", "wait", "POST", "/threads/{}/runs/wait") in CALLS
    assert SdkCall("threads", "join_stream", "GET", "/threads/{}/stream") in CALLS


@pytest.mark.parametrize("call", CALLS, ids=lambda one: f"{one.client}.{one.name} {one.path}")
def test_a_call_arrives(finder: RouteFinder, call: SdkCall):
    scope = {"type": "http", "method": call.method, "path": call.path.replace("{}", "x")}
    assert finder.find(scope).path is not None


def test_nothing_that_it_asks_for_is_refused(finder: RouteFinder):
    paths = {
        finder.find(
            {"type": "http", "method": one.method, "path": one.path.replace("{}", "x")}
        ).path
        for one in CALLS
    }
    assert not paths & REFUSED
