"""The whole path on real parts: a commit becomes a cited answer."""

import pytest
from langgraph_sdk import get_sync_client

from tests.end_to_end.conftest import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
QUESTION = "How much water do tomatoes want?"


def ask(stack: Stack, question: str) -> dict:
    client = get_sync_client(url=stack.api_url)
    thread = client.threads.create()["thread_id"]
    return dict(client.runs.wait(thread, "scriptorium", input={"question": question}))


def assert_quotes_stand_in_git(stack: Stack, answer: dict) -> None:
    assert answer["citations"]
    for one in answer["citations"]:
        text = stack.repository.show(one["sha"], one["path"])
        assert text[one["start"] : one["end"]] == one["quote"]


def test_edit_a_page_then_ask(stack: Stack):
    before = ask(stack, QUESTION)
    assert "two litres" in before["answer"]
    assert_quotes_stand_in_git(stack, before)

    page = "knowledge/garden/watering.md"
    stack.repository.write(
        {page: stack.repository.show("HEAD", page).replace("two litres", "three litres")}
    )
    sha = stack.repository.commit("tomatoes are thirstier this year")
    eventually(lambda: any(
        one["state"] == "live" and one["git_sha"] == sha
        for one in stack.kb_json("generations", "garden")["generations"]
    ))  # fmt: skip

    after = ask(stack, QUESTION)
    assert "three litres" in after["answer"]
    assert {one["sha"] for one in after["citations"] if one["agent_id"] == "garden"} == {sha}
    assert_quotes_stand_in_git(stack, after)


def test_a_new_folder_is_an_agent_and_a_removed_one_is_none(stack: Stack):
    stack.repository.write(
        {
            "knowledge/workshop/glue.md": "# Glue\n\nHide glue sets within twenty minutes at room temperature.\n"
        }
    )
    stack.repository.commit("a workshop")
    names = lambda: {one["agent_id"] for one in stack.kb_json("agents")["agents"]}  # noqa: E731
    eventually(lambda: "workshop" in names())
    assert "twenty minutes" in ask(stack, "How quickly does hide glue set?")["answer"]

    stack.repository.remove("knowledge/workshop/glue.md")
    stack.repository.commit("no workshop any more")
    eventually(lambda: "workshop" not in names())


def test_the_command_gives_the_answer_as_json(stack: Stack):
    answer = stack.kb_json("ask", "How long does hard cheese keep in the fridge?")
    assert answer["status"] == "completed"
    assert "six weeks" in answer["answer"]
    assert_quotes_stand_in_git(stack, answer)
    assert {
        "plan",
        "query_type",
        "usage",
        "timings",
        "thread_id",
        "run_id",
        "answer_id",
        "trace_id",
    } <= answer.keys()
    verified = stack.kb_json("cite", "verify", answer["answer_id"])
    assert verified["verified"] is True


def test_what_nobody_wrote_is_not_answered(stack: Stack):
    answer = stack.kb_json("ask", "Who won the chess tournament in Reykjavik in 1972?", check=False)
    assert answer["status"] == "refused"
    assert answer["citations"] == []


def test_passages_are_searched_and_none_is_said(stack: Stack):
    found = stack.kb("search", "water for tomatoes", "--agent", "garden").stdout
    assert "watering.md@" in found
    nothing = stack.kb("search", "quantum chromodynamics lattice", "--agent", "garden", check=False)
    assert nothing.returncode == 1
    assert "Nothing is near enough; looked in: garden" in " ".join(nothing.stdout.split())


def test_an_approval_through_the_command(stack: Stack):
    asked = stack.kb_json("ask", "Please refresh the knowledge of the kitchen agent.")
    assert asked["status"] == "awaiting_approval"
    (approval,) = asked["approvals"]
    assert approval["approval_id"] in {
        one["approval_id"] for one in stack.kb_json("approvals")["approvals"]
    }
    done = stack.kb_json("approve", approval["approval_id"])
    assert done["status"] in {"completed", "partial"}
    again = stack.kb("approve", approval["approval_id"], "--json", check=False)
    assert again.returncode == 1
    assert "409" in again.stdout


def test_nothing_is_missing(stack: Stack):
    assert [one["part"] for one in stack.kb_json("status")["parts"] if not one["healthy"]] == []
    assert stack.kb("verify", "garden").returncode == 0
