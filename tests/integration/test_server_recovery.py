"""kill -9 of anything while a question is worked on or waits: it ends, and nothing comes twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.conftest import until
from tests.doubles.demo_processes import DemoProcesses, demo_processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
MODES: Any = ["updates", "custom", "values"]
ALL = ("server", "worker", "second")


@pytest.fixture(scope="module")
def running(
    file_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoProcesses]:
    folder = tmp_path_factory.mktemp("recovery")
    with demo_processes(file_database_url, folder, *ALL) as processes:
        yield processes


@pytest.fixture
def processes(running: DemoProcesses) -> DemoProcesses:
    """A server and two workers, whatever the test before did to them."""
    running.start(*(name for name in ALL if name not in running.running))
    return running


@pytest.fixture
async def client(processes: DemoProcesses) -> AsyncIterator[LangGraphClient]:
    made = get_client(url=processes.url, api_key=None)
    yield made
    await made.aclose()


class Follower:
    """A client that follows one run with the unmodified SDK, from the first event to the last."""

    def __init__(self, client: LangGraphClient, thread: str, **run: Any) -> None:
        self.parts: list[Any] = []
        self._task = asyncio.ensure_future(self._follow(client, thread, run))

    async def _follow(self, client: LangGraphClient, thread: str, run: Any) -> None:
        async for part in client.runs.stream(thread, "slow", stream_mode=MODES, **run):
            self.parts.append(part)

    def run_id(self) -> str:
        return self.parts[0].data["run_id"]

    def steps(self) -> list[int]:
        return [part.data["step"]["log"][0] for part in self.parts if part.event == "updates"]

    async def seen(self, steps: int) -> None:
        async def enough() -> bool:
            if self._task.done():
                self._task.result()
            return len(self.steps()) >= steps

        await until(enough)

    async def ended(self) -> None:
        await asyncio.wait_for(self._task, 90)

    def told(self) -> str:
        return "\n".join(f"{one.id} {one.event} {one.data}"[:160] for one in self.parts)

    def check_nothing_twice(self, steps: int, attempts: list[int]) -> None:
        """The client saw one story, though several attempts told it."""
        assert self.steps() == list(range(steps)), self.told()
        logs = [tuple(part.data["log"]) for part in self.parts if part.event == "values"]
        assert logs == [tuple(range(n)) for n in range(steps + 1)]
        told = [part.data["attempt"] for part in self.parts if part.event == "metadata"]
        assert told == attempts
        custom = [part.data["step"] for part in self.parts if part.event == "custom"]
        assert custom == list(range(steps))
        ids = [int(part.id) for part in self.parts]
        assert ids == sorted(set(ids))
        assert self.parts[-1].event == "end"


async def test_a_worker_dies_and_another_goes_on(processes: DemoProcesses, client: LangGraphClient):
    thread = (await client.threads.create())["thread_id"]
    follower = Follower(client, thread, input={"n": 5, "tag": "dies", "seconds": 0.6})
    await follower.seen(2)
    processes.kill(processes.working_on(follower.run_id()))
    done = len(follower.steps())
    await follower.seen(done + 1)
    await follower.ended()
    follower.check_nothing_twice(5, [1, 2])
    effects = processes.effects("dies:")
    assert [effects[f"dies:{n}"] for n in range(done)] == [1] * done
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_sigterm_stops_at_a_safe_place_and_gives_the_run_back(
    processes: DemoProcesses, client: LangGraphClient
):
    thread = (await client.threads.create())["thread_id"]
    follower = Follower(client, thread, input={"n": 5, "tag": "drained", "seconds": 0.6})
    await follower.seen(2)
    name = processes.working_on(follower.run_id())
    await asyncio.to_thread(processes.kill, name, signal.SIGTERM)
    await follower.ended()
    follower.check_nothing_twice(5, [1, 2])
    assert processes.effects("drained:") == Counter({f"drained:{n}": 1 for n in range(5)})
    assert '"worker stopped"' in processes.log(name)


async def test_a_worker_that_was_taken_for_dead_writes_nothing(
    processes: DemoProcesses, client: LangGraphClient
):
    thread = (await client.threads.create())["thread_id"]
    follower = Follower(client, thread, input={"n": 5, "tag": "stale", "seconds": 0.6})
    await follower.seen(2)
    name = processes.working_on(follower.run_id())
    processes.signal(name, signal.SIGSTOP)
    await follower.seen(len(follower.steps()) + 1)
    processes.signal(name, signal.SIGCONT)
    await follower.ended()
    follower.check_nothing_twice(5, [1, 2])
    history = await client.threads.get_history(thread, limit=50)
    attempts = [one["metadata"]["attempt"] for one in reversed(history)]
    assert (attempts, set(attempts)) == (sorted(attempts), {1, 2})
    after = await client.runs.wait(thread, "slow", input={"n": 9, "tag": "after"})
    assert len(after["log"]) == 9
    assert all(process.exitcode is None for process in processes.running.values())


async def test_the_server_dies_and_the_stream_continues(
    processes: DemoProcesses, client: LangGraphClient
):
    thread = (await client.threads.create())["thread_id"]
    follower = Follower(client, thread, input={"n": 5, "tag": "server"})
    await follower.seen(1)
    waiting = asyncio.ensure_future(
        client.runs.wait(thread, "slow", input={"n": 9, "tag": "after"})
    )
    await follower.seen(2)
    processes.kill("server")
    await asyncio.to_thread(processes.start, "server")
    await follower.ended()
    follower.check_nothing_twice(5, [1])
    assert processes.effects("server:") == Counter({f"server:{n}": 1 for n in range(5)})
    assert len((await waiting)["log"]) == 9


async def test_all_die_while_an_approval_waits(processes: DemoProcesses, client: LangGraphClient):
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "dag", input={"request": "all"})
    before = (await client.threads.get_state(thread))["interrupts"]
    for name in ALL:
        processes.kill(name)
    processes.start("server")
    runs: list[str] = []
    async with httpx.AsyncClient(base_url=processes.url, timeout=30) as plain:
        pending = (await plain.get("/approvals/pending")).json()["approvals"]
        assert [one["approval_id"] for one in pending] == [one["id"] for one in before]
        for one in pending:
            decided = await plain.post(
                f"/approvals/{one['approval_id']}/approve", headers={"X-User": "ada"}
            )
            assert (decided.status_code, decided.json()["decided_by"]) == (200, "ada")
            runs.append(decided.json()["resume_run_id"])
    processes.start("worker")
    assert (await client.runs.join(thread, runs[-1]))["final"] == "g,g2"
    assert processes.effects("all:") == Counter({"all:g": 1, "all:g2": 1})
