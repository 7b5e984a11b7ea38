"""What becomes of a measurement where no stack runs: told whole, whatever the baseline is."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.commands.eval_outcome import Wishes, conclude
from kb.evaluation.evaluation import Evaluation, Kind
from kb_contract.errors import BadInput


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def evaluation(cited: float, first: int = 0, kind: Kind = "answers") -> Evaluation:
    questions = [
        {
            "id": str(first + one),
            "text": "why?",
            "cited": cited,
            "wanted": ["a.md"],
            "refused": False,
        }
        for one in range(20)
    ]
    return Evaluation(kind=kind, data="set", at=datetime(2026, 1, 2, tzinfo=UTC),
                      figures={"cited": cited}, questions=questions)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "ok", "said"),
    [
        (evaluation(0.9), True, "even"),
        (evaluation(0.5), True, "better"),
        (evaluation(1.0), False, "worse"),
        (evaluation(0.9, first=100), False, "no question in common"),
        (None, True, "0.9"),
    ],
)
def test_one_document_says_it_all(
    before: Evaluation | None,
    ok: bool,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    wishes = Wishes(save=tmp_path / "kept.json", report=tmp_path / "page.html", as_json=True)
    outcome = conclude(evaluation(0.9), wishes, before)
    document = capsys.readouterr().out
    assert json.loads(document)["cited"] == 0.9
    assert (outcome.ok, said in document, outcome.kept_as) == (ok, True, None)
    assert Evaluation.read(tmp_path / "kept.json") == evaluation(0.9)
    assert "<h1>Answers of set</h1>" in (tmp_path / "page.html").read_text("utf-8")


def test_people_are_told_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    conclude(evaluation(0.9), Wishes(verbose=True), evaluation(1.0))
    shown = capsys.readouterr().out
    assert [
        one for one in ("cited", "0.9000", "-0.1000", "worse", "why?") if one not in shown
    ] == []


def test_plain_searches_stand_beside_it_for_people_and_programs(
    capsys: pytest.CaptureFixture[str],
):
    found = evaluation(0.9, kind="retrieval")
    for one in found.questions:
        one |= {"ndcg@10": 0.9, "ranked": ["a.md"], "floors": {"dense": 0.25}}
    conclude(found, Wishes(verbose=True), None)
    shown = capsys.readouterr().out
    assert [one for one in ("plain search", "dense", "+0.6500", "better", "(dense 0.25)")
            if one not in shown] == []  # fmt: skip
    conclude(found, Wishes(as_json=True), None)
    assert json.loads(capsys.readouterr().out)["above_floors"]["dense"]["verdict"] == "better"


def test_a_baseline_of_another_kind_is_refused_before_anything_is_measured(tmp_path: Path):
    evaluation(0.9, kind="citations").save(tmp_path / "other.json")
    with pytest.raises(BadInput, match="of citations"):
        Wishes(baseline=tmp_path / "other.json").baseline_now("answers")
    assert Wishes().baseline_now("answers") is None
