"""The runbook, typed at a running stack: verify, roll back, delete a chunk."""

from typing import Any

import pytest

from tests.end_to_end.conftest import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
AGENT = "cellar"
PAGE = f"knowledge/{AGENT}/wine.md"
QUESTION = "At how many degrees is red wine kept in the cellar?"
GOOD = "# Red wine\n\nRed wine is kept at fourteen degrees in the cellar.\n"
BAD = "# Red wine\n\nRed wine is kept at forty degrees in the cellar.\n"
PRIVATE = "# The key\n\nThe key of the cellar is with Jane Roe in 5 Elm Street.\n"
GOLDEN = f"questions:\n  - question: {QUESTION}\n    path: wine.md\n"


def commit(stack: Stack, files: dict[str, str]) -> str:
    stack.repository.write(files)
    return stack.repository.commit("the cellar")


def publish(stack: Stack, files: dict[str, str]) -> None:
    """Commit and ingest; the sensor may come by too, and then one of the two finds it done."""
    sha = commit(stack, files)
    stack.kb("ingest", "--agent", AGENT)
    found = stack.kb_json("generations", AGENT)["generations"]
    assert [one["git_sha"] for one in found if one["state"] == "live"] == [sha]


def quotes(stack: Stack, question: str) -> list[dict[str, Any]]:
    answer = stack.kb_json("ask", question, "--agent", AGENT, check=False)
    return [one for one in answer["citations"] if one["agent_id"] == AGENT]


def test_the_runbook(stack: Stack):
    publish(stack, {
        PAGE: GOOD, f"knowledge/{AGENT}/golden.yaml": GOLDEN, f"knowledge/{AGENT}/key.md": PRIVATE,
    })  # fmt: skip
    assert stack.kb_json("verify", AGENT)["ok"]
    publish(stack, {PAGE: BAD})

    done = stack.kb_json("rollback", AGENT, "--reason", "wine does not boil")
    assert (done["left"], done["live"], done["points_written"], done["ok"]) == (2, 1, 0, True)
    assert 0 < done["served_after"] <= done["seconds"]
    assert "fourteen" in quotes(stack, QUESTION)[0]["quote"]
    refused = stack.kb("ingest", "--agent", AGENT, check=False)
    assert refused.returncode == 1
    assert f"kb resume {AGENT}" in refused.stderr
    told = stack.kb_json("incidents", AGENT)
    assert [one["kind"] for one in told["incidents"]] == ["rollback"]
    assert "paused" in stack.kb("verify", AGENT).stdout

    commit(stack, {PAGE: GOOD})
    stack.kb("resume", AGENT)
    stack.kb("incidents", "close", str(done["incident"]))
    stack.kb("ingest", "--agent", AGENT)
    assert "fourteen" in quotes(stack, QUESTION)[0]["quote"]

    secret = quotes(stack, "Who has the key of the cellar?")[0]["chunk_id"]
    gone = stack.kb_json("hotfix", "delete", secret, "--reason", "a private address")
    assert gone["answers"]
    assert quotes(stack, "Who has the key of the cellar?") == []
    told = stack.kb_json("incidents", AGENT)
    assert [one["kind"] for one in told["incidents"]] == ["hotfix"]
    early = stack.kb("incidents", "close", str(gone["incident"]), check=False)
    assert "--serve-the-rest" in early.stderr

    stack.kb("resume", AGENT)
    publish(stack, {f"knowledge/{AGENT}/key.md": "# The key\n\nAsk the caretaker for it.\n"})
    assert stack.kb_json("incidents", AGENT)["incidents"] == []
    assert stack.kb_json("retention", "--dry-run")["generations"] == {}


def test_wrong_orders_are_refused(stack: Stack):
    for order, said in (
        (("rollback", "garden", "--to", "99"), "there is no generation 99"),
        (("rollback", "nobody"), "there is no agent 'nobody'"),
        (("hotfix", "delete", "seven", "--reason", "r"), "is no id of a point"),
        (("incidents", "close", "999"), "there is no incident 999"),
        (("pin", "garden", "1", "--until", "2020-01-01"), "is past, so nothing would be kept"),
        (("pause", "nobody", "--reason", "r"), "there is no agent 'nobody'"),
    ):
        refused = stack.kb(*order, check=False)
        assert refused.returncode == 1, order
        assert said in refused.stderr, order
    assert stack.kb("hotfix", "delete", "seven", check=False).returncode == 2


def test_a_folder_is_held_back_before_its_first_run(stack: Stack):
    stack.repository.write({"knowledge/attic/boxes.md": "# Boxes\n\nThe boxes are dry.\n"})
    assert stack.kb_json("pause", "attic", "--reason", "not read yet")["paused"]
    stack.repository.commit("the attic")
    refused = stack.kb("ingest", "--agent", "attic", check=False)
    assert "not read yet" in refused.stderr
    assert stack.kb_json("resume", "attic")["resumed"]
    stack.kb("ingest", "--agent", "attic")
    assert stack.kb_json("verify", "attic")["ok"]
