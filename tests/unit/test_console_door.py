"""Who comes into the console, what a page may run, and calls inside of the process."""

import asyncio
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from graph.console.gate import VISIT, Gate
from graph.console.in_process import InProcess
from graph.console.page_policy import PagePolicy
from graph.console.server_calls import Refused, ServerCalls
from graph.console.sign_in import SignIn
from graph.console.visits import COOKIE, VISIT_SECONDS, Visit, Visits

KEY = "a-key-that-is-right"


async def me(request: Request) -> JSONResponse:
    if request.headers.get("x-api-key") != KEY:
        return JSONResponse({"message": "the key is wrong", "hint": "kb keys"}, status_code=401)
    return JSONResponse({"name": "ada"})


async def busy(_: Request) -> JSONResponse:
    return JSONResponse({"message": "too many"}, status_code=429, headers={"Retry-After": "7"})


def test_who_guesses_keys_hears_when_to_come_again():
    outer, inner = Starlette(routes=[Route("/me", busy)]), FastAPI()
    inner.include_router(SignIn(outer, Visits()).router())
    told = TestClient(inner, base_url="http://127.0.0.1").post("/sign-in", data={"key": "x"})
    assert (told.status_code, told.headers["retry-after"]) == (429, "7")


def server(visits: Visits) -> TestClient:
    outer = Starlette(routes=[Route("/me", me)])
    inner = FastAPI()
    inner.include_router(SignIn(outer, visits).router())
    inner.add_route("/", lambda request: PlainTextResponse(f"page of {request.scope[VISIT].name}"))
    outer.routes.append(Mount("/console", Gate(inner, visits, asks=True)))
    return TestClient(outer, base_url="http://127.0.0.1", follow_redirects=False)


def test_a_stranger_is_led_to_the_sign_in_page_and_a_key_lets_in():
    http, page = server(Visits()), {"accept": "text/html"}
    led = http.get("/console/", headers=page)
    assert (led.status_code, led.headers["location"]) == (303, "/console/sign-in?next=/")
    led = http.get("/console/approvals?open=a%26b", headers=page)
    assert led.headers["location"] == "/console/sign-in?next=/approvals%3Fopen%3Da%2526b"
    assert http.get("/console/").status_code == 401
    # Only the page itself is open, and not all that begins like it.
    assert http.get("/console/sign-in-else", headers=page).status_code == 303
    wrong = http.post("/console/sign-in", data={"key": "wrong"})
    assert (wrong.status_code, "the key is wrong" in wrong.text) == (401, True)
    right = http.post("/console/sign-in", data={"key": KEY, "next": "/approvals"})
    assert (right.status_code, right.headers["location"]) == (303, "/console/approvals")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/console" in cookie
    assert KEY not in cookie
    assert http.get("/console/").text == "page of ada"
    http.post("/console/sign-out")
    assert http.get("/console/").status_code == 401


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "/\\evil.example", "x"]
)
def test_signing_in_leads_nowhere_else(place: str):
    answer = server(Visits()).post("/console/sign-in", data={"key": KEY, "next": place})
    assert answer.headers["location"] == "/console/"


def test_a_socket_of_a_stranger_is_never_open():
    sent: list[Any] = []

    async def inner(*_: Any) -> None:
        raise AssertionError("the gate let it through")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/_nicegui_ws/", "headers": [(b"cookie", b"x=\xff;=;")]}
    asyncio.run(Gate(inner, Visits(), asks=True)(scope, send, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_visit_ends_by_the_clock_and_for_pages_that_are_still_open():
    now = [0.0]
    visits = Visits(lambda: now[0])
    token = visits.begin(KEY, "ada")
    visit = visits.find(token)
    assert visit is not None
    assert KEY not in repr(visit)
    calls = ServerCalls(Starlette(routes=[Route("/me", me)]), visits, visit)
    assert asyncio.run(calls.get("/me")) == {"name": "ada"}
    now[0] = VISIT_SECONDS
    assert visits.find(token) is None
    with pytest.raises(Refused, match="signed out"):
        asyncio.run(calls.get("/me"))
    assert visits.find(COOKIE) is None


def test_a_page_runs_its_own_scripts_only():
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    html = f"<script src='a.js'></script><scripted></scripted><p>{escaped}</p><script>1</script>"
    app = PagePolicy(Starlette(routes=[
        Route("/", lambda _: HTMLResponse(html)),
        Route("/data", lambda _: JSONResponse({"a": "<script>"})),
    ]))  # fmt: skip
    http = TestClient(app)
    pages = [http.get("/") for _ in range(2)]
    nonces = set[str]()
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        said = re.search(r"'nonce-([^']+)'", policy)
        assert said is not None
        assert page.text.count(f'nonce="{said[1]}"') == 2
        assert escaped in page.text
        nonces.add(said[1])
    assert len(nonces) == 2
    assert "content-security-policy" not in http.get("/data").headers


async def test_a_stream_arrives_while_it_is_made_and_hears_that_its_reader_left():
    going, left = asyncio.Event(), asyncio.Event()

    async def parts() -> Any:
        yield b"first"
        await going.wait()
        yield b"second"
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    app = Starlette(routes=[Route("/", lambda _: StreamingResponse(parts()))])
    async with (
        httpx.AsyncClient(transport=InProcess(app), base_url="http://127.0.0.1") as http,
        http.stream("GET", "/") as answer,
    ):
        read = answer.aiter_raw()
        assert await anext(read) == b"first"
        going.set()
        assert await anext(read) == b"second"
    async with asyncio.timeout(60):
        await left.wait()


async def test_an_app_that_breaks_tells_so_before_and_within_its_answer():
    async def parts() -> Any:
        yield b"first"
        raise RuntimeError("in the middle")

    async def broken(*_: Any) -> None:
        raise RuntimeError("at once")

    app = Starlette(routes=[Route("/", lambda _: StreamingResponse(parts()))])
    async with httpx.AsyncClient(transport=InProcess(app), base_url="http://127.0.0.1") as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/")
    async with httpx.AsyncClient(transport=InProcess(broken), base_url="http://127.0.0.1") as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/")


async def test_refusals_of_the_server_are_told_as_it_told_them():
    calls = ServerCalls(Starlette(routes=[Route("/me", me)]), Visits(), Visit("wrong"))
    with pytest.raises(Refused) as refused:
        await calls.get("/me")
    assert (refused.value.status, refused.value.hint) == (401, "kb keys")
    with pytest.raises(Refused) as unknown:
        await calls.post("/nowhere")
    assert unknown.value.status == 404


def test_nobody_but_the_server_pays_for_the_pages():
    modules = "kb.__main__, kb.client, kb.commands.ask, kb.commands.serve, graph.server.app, graph.entrypoint"
    said = f"import sys, {modules}; print(sorted(one for one in sys.modules if 'nicegui' in one))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
