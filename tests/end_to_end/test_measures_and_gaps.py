"""What people measure and say of answers, on the stack that runs: kept, shown, and acted upon."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.conftest import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
QUESTIONS = [
    {"id": "water", "question": "How much water do tomatoes want?",
     "passages": [{"path": "watering.md", "quote": "every second day"}]},
    {"id": "basil", "question": "How is basil watered?",
     "passages": [{"path": "garden/watering.md", "quote": "from below"}]},
    {"id": "chess", "question": "Who won the chess tournament in Reykjavik in 1972?", "refuse": True},
]  # fmt: skip
CHECKS = """query { assetCheckExecutions(assetKey: {path: ["live_alias"]}, checkName: "answers_well", limit: 5) {
  partition evaluation { success description metadataEntries { label ... on FloatMetadataEntry { floatValue } } } } }"""


def live(stack: Stack, sha: str) -> None:
    eventually(lambda: any(
        one["git_sha"] == sha and one["state"] == "live"
        for one in stack.kb_json("generations", "garden")["generations"]
    ))  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "garden.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in QUESTIONS), "utf-8")
    return file


def test_answers_are_measured_kept_and_told(stack: Stack, data: Path, tmp_path: Path):
    saved, page = tmp_path / "saved.json", tmp_path / "page.html"
    typed = ("eval", "answers", "--data", str(data), "--agent", "garden")
    first = stack.kb_json(*typed, "--verbose", "--save", str(saved), "--report", str(page))
    figures = ("n", "found", "cited", "verified", "refused", "wrongly_refused", "failed")
    assert [first[one] for one in figures] == [3, 1.0, 1.0, 1.0, 1.0, 0.0, 0], first["questions"]
    assert "Answers of garden.jsonl" in page.read_text("utf-8")
    again = stack.kb_json(*typed, "--baseline", str(saved))
    assert {one["verdict"] for one in again["baseline"].values()} == {"even"}
    kept = stack.kb_json("eval", "history", "--agent", "garden")["evaluations"]
    assert [one["evaluation_id"] for one in kept[:2]] == [
        again["evaluation_id"], first["evaluation_id"],
    ]  # fmt: skip
    told: Any = httpx.post(f"{stack.dagster_url}/graphql", json={"query": CHECKS}).json()
    checks = [one for one in told["data"]["assetCheckExecutions"] if one["partition"] == "garden"]
    assert len(checks) >= 2
    assert checks[0]["evaluation"]["success"] is True
    values = {
        one["label"]: one.get("floatValue") for one in checks[0]["evaluation"]["metadataEntries"]
    }
    assert values["cited"] == 1.0
    assert stack.kb_json("gaps", "garden")["gaps"] == []  # nobody asked; it was measured


def test_quotes_of_kept_answers_are_read_again(stack: Stack):
    stack.kb_json("ask", "How long does bread keep?", "--agent", "kitchen")
    found = stack.kb_json("eval", "citations", "--agent", "kitchen")
    assert found["n"] >= 1
    assert (found["verified"], found["not_verified"]) == (1.0, 0)


def test_praise_and_corrections_become_golden_questions(stack: Stack):
    praised = stack.kb_json("ask", "How is basil watered?", "--agent", "garden")
    stack.kb_json("feedback", praised["answer_id"], "up")
    corrected = stack.kb_json(
        "ask", "When are tomatoes watered in the day?", "--agent", "garden", check=False
    )
    stack.kb_json(
        "feedback", corrected["answer_id"], "down", "--correction", "In the morning.",
        "--agent", "garden", "--path", "watering.md", "--quote", "given in the morning at the root",
    )  # fmt: skip
    found = stack.kb_json("golden", "candidates", "garden", "--write")
    assert found["written"].endswith("garden/golden.yaml")
    by_kind = {one["kind"]: one for one in found["candidates"]}
    assert by_kind["praised"]["path"] == "watering.md"
    assert by_kind["praised"]["quote"] in stack.repository.show(
        "HEAD", "knowledge/garden/watering.md"
    )
    assert by_kind["corrected"]["quote"] == "given in the morning at the root"
    assert stack.kb_json("golden", "candidates", "garden", "--write")["candidates"] == []
    live(stack, stack.repository.commit("golden questions of readers"))
    live(stack, stack.repository.revert_head())
    missing = stack.kb("feedback", "no-such-answer", "up", "--json", check=False)
    assert (missing.returncode, "404" in missing.stdout) == (1, True)


def test_a_gap_is_closed_by_the_commit_that_answers_it(stack: Stack):
    question = "How often are cucumbers fed with nettle tea?"
    for asked in (question, "how often are cucumbers fed with nettle tea"):
        answer = stack.kb_json("ask", asked, "--agent", "garden", check=False)
        assert answer["status"] == "refused", answer
    [gap] = [one for one in stack.kb_json("gaps", "garden")["gaps"] if "nettle" in one["question"]]
    assert (gap["times"], gap["state"]) == (2, "open")

    stack.repository.write({"knowledge/garden/feeding.md": (
        "# Feeding\n\n## Cucumbers\n\nCucumbers are fed with nettle tea once a week.\n"
    )})  # fmt: skip
    sha = stack.repository.commit("how cucumbers are fed")

    def closed() -> dict[str, Any] | None:
        found = stack.kb_json("gaps", "garden", "--all")["gaps"]
        return next(
            (one for one in found if one["gap_id"] == gap["gap_id"] and one["state"] == "closed"),
            None,
        )

    done = eventually(closed)
    assert (done["closed_sha"], done["closed_path"]) == (sha, "knowledge/garden/feeding.md")
    assert "once a week" in done["closed_quote"]
    stack.repository.remove("knowledge/garden/feeding.md")
    live(stack, stack.repository.commit("cucumbers feed themselves"))
