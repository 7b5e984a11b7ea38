"""The unmodified langgraph_sdk against our server and a worker, as real processes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.doubles.demo_processes import DemoProcesses, demo_processes

HELLO = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="package")
def processes(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcesses]:
    folder = tmp_path_factory.mktemp("sdk")
    with demo_processes(postgres.url("sdk"), folder, "server", "worker") as running:
        yield running


@pytest.fixture
async def client(processes: DemoProcesses) -> AsyncIterator[LangGraphClient]:
    made = get_client(url=processes.url, api_key=None)
    yield made
    await made.aclose()


async def collected(stream: Any, at_most: int = 10**9) -> list[Any]:
    parts: list[Any] = []
    async for part in stream:
        parts.append(part)
        if len(parts) >= at_most:
            break
    return parts


def counted(parts: list[Any]) -> Counter[str]:
    return Counter(part.event for part in parts)


async def new_thread(client: LangGraphClient) -> str:
    return (await client.threads.create())["thread_id"]


async def has_log(client: LangGraphClient, thread: str, entries: int) -> bool:
    values = (await client.threads.get_state(thread))["values"]
    return len((values or {}).get("log") or []) >= entries
