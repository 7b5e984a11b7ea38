"""Plans for labelled questions of many domains; a missed approval fails whatever else is right."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graph.planning.needs_labels import TRAINING
from kb.commands.eval import app
from kb.commands.eval_plan import measured

pytestmark = pytest.mark.timeout(600)
HERE = TRAINING
SETS = ("first_1.jsonl", "first_2.jsonl")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", [pytest.param(SETS[0], marks=pytest.mark.full), SETS[1]])
def test_shape_agents_and_approval_are_right(name: str):
    figures, wrong = measured(rows(name), None)
    assert [one["query"] for one in wrong if one["what"] == "missed approval"] == []
    assert min(figures["shape"], figures["approval"]) >= 0.95, wrong
    # These lines want a judgement before every deed on a condition, also where a reading decides.
    assert figures["capabilities"] >= 0.9, wrong


def test_the_sets_are_large_varied_and_sound():
    every = [one for name in SETS for one in rows(name)]
    assert len(every) >= 400
    assert len({one["query"] for one in every}) == len(every)
    assert {one["shape"] for one in every} >= {
        "direct", "single", "sequential", "parallel_then_join",
    }  # fmt: skip
    for one in every:
        assert one["needs_approval"] == ("action" in one["capabilities"])


def test_kb_eval_plan_says_the_figures(tmp_path: Path):
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in rows(SETS[1])[:5]))
    said = CliRunner().invoke(app, ["plan", "--data", str(file), "--json", "--verbose"])
    figures = json.loads(said.output)
    assert said.exit_code == 0
    assert {"all", "shape", "capabilities", "approval", "edges", "n", "wrong"} < figures.keys()
    assert figures["n"] == 5


def test_missed_approvals_are_listed_first(tmp_path: Path):
    asked: dict[str, Any] = {"shape": "single", "capabilities": {"knowledge": 1}, "forbidden": []}
    said: list[dict[str, Any]] = [
        {**asked, "query": "Who keeps the key?", "needs_approval": False, "capabilities": {"tool": 1}},
        {**asked, "query": "Delete the log", "needs_approval": False},
        {**asked, "query": "Where is the pier?", "needs_approval": True},
    ]  # fmt: skip
    _, wrong = measured(said, None)
    assert [one["what"] for one in wrong] == [
        "missed approval", "needless approval", "wrong capabilities",
    ]  # fmt: skip


def test_a_registry_of_ones_own(tmp_path: Path):
    file = tmp_path / "agents.json"
    file.write_text(json.dumps([{
        "agent_id": "tide_guide", "title": "Tides", "purpose": "tides", "kind": "rag",
        "capabilities": ["knowledge"],
    }]))  # fmt: skip
    wanted = {
        "query": "When is low tide?", "shape": "single", "needs_approval": False,
        "capabilities": {"knowledge": 1},
    }  # fmt: skip
    figures, _ = measured([wanted], file)
    assert figures["all"] == 1.0
