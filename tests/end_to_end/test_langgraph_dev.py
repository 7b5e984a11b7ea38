"""The same graph under `langgraph dev`, which is what Studio talks to, with our checkpoints."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_sync_client

from kb.settings import child_environment, find_addresses, load_settings
from tests.end_to_end.conftest import Stack, eventually, free_port

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
QUIET = {
    "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false", "LANGGRAPH_NO_VERSION_CHECK": "true",
    "LANGGRAPH_DISABLE_FILE_PERSISTENCE": "true", "LANGGRAPH_STRICT_MSGPACK": "true",
}  # fmt: skip


@pytest.fixture(scope="module")
def dev_url(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        settings = load_settings()
        given = child_environment(settings, find_addresses(settings))
    port = free_port()
    log = tmp_path_factory.mktemp("dev") / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [Path(sys.executable).parent / "langgraph", "dev", "--no-browser", "--no-reload",
             "--port", str(port), "--n-jobs-per-worker", "4"],
            cwd=ROOT, env={**os.environ, **stack.environment, **given, **QUIET},
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            return httpx.get(f"{url}/ok", timeout=2).is_success
        except httpx.TransportError:
            return False

    try:
        eventually(answers, seconds=90)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def test_the_dev_server_answers_with_verified_quotes(stack: Stack, dev_url: str):
    client = get_sync_client(url=dev_url)
    thread = client.threads.create()["thread_id"]
    answer = client.runs.wait(
        thread, "scriptorium", input={"question": "How long does bread keep in a clay pot?"}
    )
    assert "three days" in answer["answer"]
    for one in answer["citations"]:
        assert (
            stack.repository.show(one["sha"], one["path"])[one["start"] : one["end"]]
            == one["quote"]
        )


def test_an_approval_can_be_given_in_studio(dev_url: str):
    client = get_sync_client(url=dev_url)
    thread = client.threads.create()["thread_id"]
    client.runs.wait(
        thread,
        "scriptorium",
        input={"question": "Please refresh the knowledge of the garden agent."},
    )
    state = client.threads.get_state(thread)
    (interrupt,) = [one for task in state["tasks"] for one in task["interrupts"]]
    assert interrupt["value"]["review_configs"][0]["allowed_decisions"]
    answer = client.runs.wait(
        thread,
        "scriptorium",
        command={
            "resume": {interrupt["id"]: {"decisions": [{"type": "reject", "message": "not now"}]}}
        },
    )
    assert "not now" in answer["answer"]


def test_studio_sees_the_agents_in_the_picture(dev_url: str):
    client = get_sync_client(url=dev_url)
    assistant = client.assistants.search()[0]["assistant_id"]
    picture = client.assistants.get_graph(assistant, xray=True)
    shown = " ".join(str(node["id"]) for node in picture["nodes"])
    assert all(kind in shown for kind in ("rag", "comparison", "calculation", "operations"))
