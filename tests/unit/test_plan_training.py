"""The planner's reading is made by one command, the same from the same lines."""

from pathlib import Path

import pytest

from graph.planning.needs_labels import TRAINING
from graph.planning.needs_model import CARD_FILE, MODEL_FILE, load
from graph.planning.train import train
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.errors import BadSetting
from kb_contract.sentence_models.model_files import find_model

# The training of the classifier beside it stays: both stand on the same code.
pytestmark = [pytest.mark.timeout(600), pytest.mark.full]


def test_training_twice_gives_the_same_file_and_measures_whom_it_was_not_taught(tmp_path: Path):
    try:
        find_model(DEFAULT_MODEL)
    except BadSetting:
        pytest.skip("the sentence model is not installed")
    lines = tmp_path / "lines"
    lines.mkdir()
    for name in ("own_5.jsonl", "asked_1.jsonl", "agreed_b_1.jsonl", "writer_d_1.jsonl"):
        some = (TRAINING / name).read_text("utf-8").splitlines()[:24]
        (lines / name).write_text("\n".join(some), "utf-8")
    made: list[tuple[bytes, str]] = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        card = train(lines, tmp_path / name, rounds=(1, 1))
        files = (tmp_path / name / MODEL_FILE, tmp_path / name / CARD_FILE)
        made.append((files[0].read_bytes(), files[1].read_text("utf-8")))
        assert {who: said["n"] for who, said in card.figures.items()} == {
            "agreed_b": 24,
            "writer_d": 24,
        }
    assert made[0] == made[1]
    assert load(tmp_path / "once").known
