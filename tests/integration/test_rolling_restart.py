"""Two servers and two workers on one Postgres, restarted one after the other while people ask."""

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from langgraph_sdk.client import LangGraphClient

from tests.doubles.balancer import Balancer, balanced
from tests.doubles.demo_processes import DemoProcesses, demo_processes
from tests.doubles.two_tenants import make_key

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]
SERVERS, WORKERS = ("server", "server-two"), ("worker", "second")
SETTINGS = {
    "API_DRAIN": "1", "KB_AUTH": "required", "KB_RATE_PER_KEY": "0", "KB_RATE_PER_USER": "0",
}  # fmt: skip
STEPS = 3


@pytest.fixture(scope="module")
def processes(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcesses]:
    folder = tmp_path_factory.mktemp("rolling")
    with demo_processes(postgres.url("rolling"), folder, *SERVERS, *WORKERS, **SETTINGS) as running:
        yield running


class People:
    """Ask one after the other until told to stop; each keeps what the unmodified SDK told them."""

    def __init__(self, balancer: Balancer, key: str, called: str) -> None:
        http = httpx.AsyncClient(
            transport=balancer, base_url="http://balancer", timeout=60, headers={"X-Api-Key": key}
        )
        self.client = LangGraphClient(http)
        self.stories: list[list[Any]] = []
        self.stop = asyncio.Event()
        self._numbers = itertools.count()
        self._called = called

    async def ask_on(self) -> None:
        while not self.stop.is_set():
            tag = f"{self._called}-{next(self._numbers)}"
            thread = (await self.client.threads.create())["thread_id"]
            given = {"n": STEPS, "tag": tag, "seconds": 0.3}
            modes: Any = ["updates", "custom"]
            stream = self.client.runs.stream(
                thread, "slow", input=given, stream_mode=modes, stream_resumable=True
            )
            self.stories.append([part async for part in stream])


async def restarted(processes: DemoProcesses, name: str) -> None:
    await asyncio.to_thread(processes.kill, name, signal.SIGTERM)
    await asyncio.to_thread(processes.start, name)


def check_story(database_url: str, story: list[Any]) -> None:
    """Every event once, in order, as the log has it: none lost, none twice."""
    run_id = story[0].data["run_id"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select e.seq::text, event from ops.events e where run_id = %s order by e.seq",
            (run_id,),
        ).fetchall()
    assert [(part.id, part.event) for part in story] == rows
    steps = [part.data["step"]["log"][0] for part in story if part.event == "updates"]
    assert steps == list(range(STEPS))
    assert story[-1].event == "end"


@pytest.mark.parametrize(
    "restarts",
    [
        # the other one of each kind goes on
        pytest.param((SERVERS[0], WORKERS[0]), id="one of each"),
        pytest.param((*SERVERS, *WORKERS), id="all", marks=pytest.mark.full),
    ],
)
async def test_a_rolling_restart_loses_no_run_and_no_event(
    processes: DemoProcesses, restarts: tuple[str, ...]
):
    called = f"rolling {len(restarts)}"
    key = make_key(processes.database_url, "default", "asker", name=called)
    async with balanced([processes.url_of(one) for one in SERVERS]) as balancer:
        people = People(balancer, key, called)
        asking = [asyncio.create_task(people.ask_on()) for _ in range(4)]
        for name in restarts:
            await restarted(processes, name)
        people.stop.set()
        await asyncio.gather(*asking)
    # What was ready a moment ago still answered: nobody ran into a closed door.
    assert balancer.refused == 0
    assert len(people.stories) >= 8
    for story in people.stories:
        check_story(processes.database_url, story)
    with psycopg.connect(processes.database_url) as connection:
        rows = connection.execute(
            "select status, count(*) from ops.runs where metadata->>'requested_by' = %s group by 1",
            (called,),
        ).fetchall()
    assert rows == [("success", len(people.stories))]
    effects = processes.effects(f"{called}-")
    wanted = {f"{called}-{n}:{at}": 1 for n in range(len(people.stories)) for at in range(STEPS)}
    assert effects == Counter(wanted)


async def asked_until_stopped(people: People) -> None:
    """Whoever is cut off before an answer asks anew; whoever follows a stream goes on in it."""
    while not people.stop.is_set():
        try:
            await people.ask_on()
        except (httpx.TransportError, httpx.HTTPStatusError):
            await asyncio.sleep(0)


# One worker and one server, killed while nobody else asks: test_server_recovery.
@pytest.mark.full
async def test_what_dies_under_load_loses_no_run_and_repeats_no_effect(processes: DemoProcesses):
    """kill -9 of each server and each worker while people ask."""
    key = make_key(processes.database_url, "default", "asker", name="late")
    async with balanced([processes.url_of(one) for one in SERVERS]) as balancer:
        people = People(balancer, key, "killed")
        asking = [asyncio.create_task(asked_until_stopped(people)) for _ in range(4)]
        for name in (*SERVERS, *WORKERS):
            told = len(people.stories)
            while len(people.stories) < told + 2:
                await asyncio.sleep(0.05)
            await asyncio.to_thread(processes.kill, name, signal.SIGKILL)
            await asyncio.to_thread(processes.start, name)
        people.stop.set()
        await asyncio.gather(*asking)
        await until_idle(processes.database_url)
    for story in people.stories:
        check_story(processes.database_url, story)
    with psycopg.connect(processes.database_url) as connection:
        runs = connection.execute(
            "select r.kwargs->'input'->>'tag', r.status from ops.runs r"
            " where r.metadata->>'requested_by' = 'late'"
        ).fetchall()
    assert {status for _, status in runs} == {"success"}
    # A step that was killed after its effect, before it was kept, is done again: this one has no key.
    assert set(processes.effects("killed-")) == {
        f"{tag}:{at}" for tag, _ in runs for at in range(STEPS)
    }


async def until_idle(database_url: str) -> None:
    """Runs whose asker was cut off before the answer go on all the same."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while True:
            row = await (
                await connection.execute(
                    "select count(*) from ops.runs where status in ('pending', 'running')"
                    " and metadata->>'requested_by' = 'late'"
                )
            ).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(0.1)


async def ask_without_end(client: LangGraphClient, given: dict[str, Any]) -> None:
    for _ in range(20):
        await client.runs.create_batch([{"assistant_id": "slow", "input": given}] * 60)


async def test_one_who_floods_the_queue_keeps_nobody_waiting(processes: DemoProcesses):
    keys = {
        name: make_key(processes.database_url, "default", "asker", name=name)
        for name in ("flood", "calm")
    }
    urls = [processes.url_of(one) for one in SERVERS]
    async with balanced(urls) as balancer:
        flood, calm = (People(balancer, keys[name], name).client for name in ("flood", "calm"))
        slow = {"n": 1, "tag": "flood", "seconds": 2.0}
        with pytest.raises(httpx.HTTPStatusError) as refused:
            await ask_without_end(flood, slow)
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        served = await calm.runs.wait(None, "slow", input={"n": 1, "tag": "calm", "seconds": 0.1})
        assert served["log"] == [0]
        with psycopg.connect(processes.database_url) as connection:
            left = connection.execute(
                "select count(*) from ops.runs where status = 'pending'"
                " and metadata->>'requested_by' = 'flood'"
            ).fetchone()
    # Calm came last and was served while most of the flood still waited.
    assert left is not None
    assert left[0] > 0
