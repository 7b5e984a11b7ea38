"""A session's story is the same to the letter, however often its reader was cut off."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.sse import SSEDecoder, aiter_lines_raw
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.doubles.demo_processes import DemoProcesses

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
MANY = pytest.mark.parametrize(
    ("lines", "cuts"), [(32, 24), pytest.param(240, 200, marks=pytest.mark.full)]
)
Told = list[tuple[str, str, Any]]


@pytest.fixture
async def client(processes: DemoProcesses) -> AsyncIterator[LangGraphClient]:
    made = get_client(url=processes.url, api_key=None)
    yield made
    await made.aclose()


@pytest.fixture
async def plain() -> AsyncIterator[httpx.AsyncClient]:
    """One for all connections: making one takes longer than a connection."""
    async with httpx.AsyncClient(timeout=20) as http:
        yield http


class Reader:
    """Follows a session, and comes again after every cut with the last id that it saw."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url, self.http, self.told, self.ended = url, http, Told(), False

    async def read(self, most: int) -> None:
        """Read so many events, and cut the line."""
        last = {"Last-Event-ID": self.told[-1][0]} if self.told else {}
        async with self.http.stream("GET", self.url, headers=last) as response:
            decoder = SSEDecoder()
            async for line in aiter_lines_raw(response):
                event = decoder.decode(line.rstrip(b"\n"))
                if event is None:
                    continue
                if event.event == "end":
                    self.ended = True
                    return
                self.told.append((event.id or "", event.event, event.data))
                most -= 1
                if not most:
                    return


async def paused(client: LangGraphClient, thread: str) -> None:
    while (await client.threads.get(thread))["status"] != "interrupted":
        await asyncio.sleep(0.05)


@MANY
async def test_many_cuts_a_restart_and_a_pause_change_nothing(
    processes: DemoProcesses, client: LangGraphClient, plain: httpx.AsyncClient, lines: int,
    cuts: int,
):  # fmt: skip
    dice = random.Random(11)
    thread = (await client.threads.create())["thread_id"]
    await client.runs.create(thread, "story", input={"lines": lines})
    events = f"{processes.url}/orchestration/{thread}/events"
    cut_off = Reader(events, plain)
    for _ in range(cuts // 2):
        await cut_off.read(dice.randint(1, 2))
    await asyncio.to_thread(processes.kill, "server")
    await asyncio.to_thread(processes.start, "server")
    await paused(client, thread)
    steady = Reader(events, plain)
    waiting = asyncio.create_task(steady.read(10_000))
    await client.runs.create(
        thread, "story", command={"resume": {"decisions": [{"type": "approve"}]}}
    )
    made = cuts // 2
    while not cut_off.ended:
        await cut_off.read(dice.randint(1, 2))
        made += 1
    await waiting
    assert made >= cuts
    assert cut_off.told == steady.told
    assert [kind for _, kind, _ in steady.told] == ["token"] * (2 * lines) + ["final"]
    places = [int(place) for place, _, _ in steady.told]
    assert places == sorted(set(places))


async def test_lanes_and_the_last_word(processes: DemoProcesses, client: LangGraphClient):
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "story", input={"lines": 6})
    async with httpx.AsyncClient(base_url=f"{processes.url}/orchestration/{thread}") as http:
        told = (await http.get("/transcript")).json()
        one = (await http.get("/transcript", params={"lane": "one"})).json()
        final = (await http.get("/transcript", params={"view": "final"})).json()
        rest = (await http.get("/transcript", params={"after": told["next"]})).json()
        nobody = await http.get(f"{processes.url}/orchestration/nobody/transcript")
        wrong = await http.get("/transcript", params={"after": -1})
    assert [line["agent"] for line in told["events"]] == ["one", "two"] * 3
    assert [line["lane"] for line in one["events"]] == ["one"] * 3
    assert (final["events"], final["ended"], rest["events"]) == ([], False, [])
    assert (nobody.status_code, wrong.status_code) == (404, 422)
    assert set(told["events"][0]) == {"seq", "run", "at", "type", "step", "agent", "lane", "text"}


async def test_one_socket_follows_two_sessions(processes: DemoProcesses, client: LangGraphClient):
    threads = [(await client.threads.create())["thread_id"] for _ in range(2)]
    for thread in threads:
        await client.runs.wait(thread, "story", input={"lines": 4})
    told: dict[str, list[int]] = {thread: [] for thread in threads}
    async with connect(f"ws{processes.url.removeprefix('http')}/ws") as socket:
        await socket.send("no JSON")
        assert orjson.loads(await socket.recv())["type"] == "error"
        await socket.send(orjson.dumps({"subscribe": "nobody"}).decode())
        assert "no session" in orjson.loads(await socket.recv())["message"]
        for thread in threads:
            await socket.send(orjson.dumps({"subscribe": thread}).decode())
        while sum(map(len, told.values())) < 8:
            line = orjson.loads(await socket.recv())
            told[line["session"]].append(line["seq"])
        await socket.send(orjson.dumps({"unsubscribe": threads[0]}).decode())
        await client.runs.wait(
            threads[1], "story", command={"resume": {"decisions": [{"type": "approve"}]}}
        )
        kinds: list[str] = []
        while not kinds or kinds[-1] != "end":
            line = orjson.loads(await socket.recv())
            assert line["session"] == threads[1]
            kinds.append(line["type"])
    assert kinds == ["token"] * 4 + ["final", "end"]
    assert all(places == sorted(places) and len(places) == 4 for places in told.values())


@MANY
async def test_many_cuts_of_a_socket_change_nothing(
    processes: DemoProcesses, client: LangGraphClient, lines: int, cuts: int
):
    dice = random.Random(12)
    thread = (await client.threads.create())["thread_id"]
    other = (await client.threads.create())["thread_id"]
    for one, long in ((thread, lines), (other, 6)):
        await client.runs.create(one, "story", input={"lines": long})
    told: list[Any] = []
    made = 0
    answered = False
    while not told or told[-1]["type"] != "end":
        told += await heard(processes.url, (thread, other), told, lines, dice)
        made += 1
        if not answered and len(told) == lines:
            await paused(client, thread)
            resume = {"resume": {"decisions": [{"type": "approve"}]}}
            await client.runs.create(thread, "story", command=resume)
            answered = True
    async with httpx.AsyncClient(base_url=f"{processes.url}/orchestration/{thread}") as http:
        whole = (await http.get("/transcript", params={"limit": 1000})).json()
    assert made >= cuts
    assert [{k: v for k, v in one.items() if k != "session"} for one in told[:-1]] == whole[
        "events"
    ]
    assert [one["type"] for one in told] == ["token"] * (2 * lines) + ["final", "end"]


async def heard(
    url: str, threads: tuple[str, str], told: list[Any], pause: int, dice: random.Random
) -> list[Any]:
    """Open a socket, follow two sessions, hear so many lines of one, and cut it in any way."""
    (thread, other), most = threads, dice.randint(1, 3)
    after = told[-1]["seq"] if told else 0
    lines: list[Any] = []
    # Who has heard enough reads no further, so a polite goodbye is not waited for.
    async with connect(f"ws{url.removeprefix('http')}/ws", close_timeout=0.2) as socket:
        await socket.send(orjson.dumps({"subscribe": thread, "after": after}).decode())
        await socket.send(orjson.dumps({"subscribe": other}).decode())
        while len(lines) < most:
            line = orjson.loads(await socket.recv())
            if line["session"] == thread:
                lines.append(line)
            if line["type"] == "end" or len(told) + len(lines) == pause:
                break
        if dice.random() < 0.85:
            socket.transport.abort()
    return lines


async def test_pages_of_others_open_no_socket(processes: DemoProcesses):
    address = f"ws{processes.url.removeprefix('http')}/ws"
    with pytest.raises(InvalidStatus):
        await connect(address, additional_headers={"Origin": "https://elsewhere.example"})
