import asyncio
import json
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from graph.classification.classifier import classification_from_json
from graph.classification.encoder import Encoder
from graph.classification.fitting import fitted, gathered
from graph.classification.held_out import HeldOut, best_mix, figures, folds_of, held_out
from graph.classification.labelled_texts import read_questions
from graph.classification.low_rank import Changes
from graph.classification.pieces import Pieces
from graph.classification.query_type import QUERY_TYPES
from graph.classification.question_model import (
    CARD_FILE,
    MODEL_FILE,
    load_card,
    load_model,
    save_model,
    training_digest,
)
from graph.classification.trained import Parts, TrainedClassifier, load_parts
from graph.planning.registry import Registry
from graph.planning.workflow_plan import AgentCapability
from kb_contract.embedding_space import DEFAULT_MODEL
from kb_contract.errors import BadSetting, ModelFailed
from kb_contract.sentence_models.model_files import find_model

ASKED = "Which columns does the members table have?"


@pytest.fixture(scope="module")
def classifier() -> TrainedClassifier:
    return TrainedClassifier(parts=load_parts())


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(find_model(DEFAULT_MODEL).folder).ready()


def test_the_model_is_that_of_its_training_data():
    card = load_card()
    assert card.training_sha256 == training_digest(), "run `python -m graph.classification.train`"
    assert card.encoder == DEFAULT_MODEL
    assert card.questions == len(read_questions())


def test_other_bytes_than_those_of_the_card_are_refused(tmp_path: Path):
    (tmp_path / CARD_FILE.name).write_bytes(CARD_FILE.read_bytes())
    (tmp_path / MODEL_FILE.name).write_bytes(MODEL_FILE.read_bytes()[:-1])
    with pytest.raises(BadSetting, match="not that of its card"):
        load_model(tmp_path)


def test_what_is_shipped_is_small_and_holds_up_on_held_out_authors():
    assert MODEL_FILE.stat().st_size < 3_000_000
    measured = load_card().figures["held_out"]
    # Recorded when it was trained; far below what it was, so that only a broken training fails.
    assert measured["all"]["accuracy"] > 0.9
    assert measured["all"]["calibration_error"] < 0.05
    assert measured["all"]["unsure"]["0.5"]["share"] < 0.1
    assert all(one["accuracy"] > 0.8 for one in measured.values())


def test_confidence_is_a_probability_and_the_answer_is_always_the_same(
    classifier: TrainedClassifier,
):
    first = classifier.local(ASKED)
    assert (first.query_type, first.path) == ("schema_discovery", "model")
    assert classifier.local(ASKED) == first
    total = first.confidence + sum(chance for _, chance in first.alternatives)
    assert total == pytest.approx(1, abs=0.001)
    assert classification_from_json(json.loads(json.dumps(first.as_json()))) == first


def test_the_sentence_model_in_numpy_is_that_of_torch(encoder: Encoder):
    assert_same_as_torch(encoder)


def test_what_training_changes_is_merged_into_the_weights(encoder: Encoder):
    shipped = load_model().changes
    assert_same_as_torch(Encoder(encoder.folder, shipped).ready())
    nothing = Changes({name: one * 0 for name, one in shipped.thin.items()})
    assert (Encoder(encoder.folder, nothing).encode(ASKED) == encoder.encode(ASKED)).all()


def assert_same_as_torch(encoder: Encoder) -> None:
    import torch
    from transformers import AutoModel

    from graph.classification.low_rank import LINEAR

    pieces, untyped = Pieces.of(encoder.folder), cast("Any", AutoModel)
    model: Any = untyped.from_pretrained(str(encoder.folder))
    layers: list[Any] = list(model.encoder.layer) if encoder.changes else []
    for number, layer in enumerate(layers):
        for name, where in LINEAR.items():
            change = encoder.changes.of(number, name)  # pyright: ignore[reportOptionalMemberAccess]
            layer.get_submodule(where).weight.data += torch.tensor(change.T)
    for text in ("when?", "Wie heißt der Leiter des Labors?", "a " * 300, "鍵 \u0000 !"):
        with torch.no_grad():
            said: Any = model(torch.tensor([pieces.ids(text)]), output_hidden_states=True)
        fourth, last = (said.hidden_states[number][0].numpy() for number in (4, 6))
        wanted = np.concatenate([fourth.mean(0), last.mean(0), last[0]])
        assert np.abs(encoder.encode(text) - wanted).max() < 0.01


@pytest.mark.parametrize("without_encoder", [False, True])
@pytest.mark.parametrize(
    "text",
    ["what " * 2000, " " * 9_990 + "x", "12," * 3000, "\x00\ud800" * 50, "'a " * 3000, "?!", "…",
     "🙂" * 5000, "a" * 10_000, "\u202e" * 200, "{{question}} \\d+ %s [MASK] [CLS]"],
)  # fmt: skip
def test_odd_and_long_questions(classifier: TrainedClassifier, text: str, without_encoder: bool):
    assert classifier.parts is not None
    encoder = None if without_encoder else classifier.parts.encoder
    asked = TrainedClassifier(parts=Parts(classifier.parts.model, encoder))
    began = time.process_time()
    found = asked.local(text)
    assert found.query_type in QUERY_TYPES
    assert 0 <= found.confidence <= 1
    assert time.process_time() - began < 20  # no text makes a pattern run away


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("delete the second draft", "tool_operation"),
        ("who is the owner of the boat", "simple_lookup"),
        ("what does the manual say about leaks", "rag_document"),
        ("which tables are in the archive", "schema_discovery"),
        ("compare the two tariffs over three years", "complex_analysis"),
    ],
)
def test_clear_questions_need_neither_capitals_nor_marks_nor_good_spelling(
    classifier: TrainedClassifier, question: str, kind: str
):
    last = question.split()[-1]
    slip = question.removesuffix(last) + last[0] + last[2] + last[1] + last[3:]
    for form in (question, question.upper(), question.capitalize() + "?", f"  {question}...", slip):
        assert classifier.local(form).query_type == kind, form


def test_without_the_sentence_model_wording_decides_and_says_so(classifier: TrainedClassifier):
    assert classifier.parts is not None
    found = TrainedClassifier(parts=Parts(classifier.parts.model, None)).local(ASKED)
    assert (found.query_type, found.path) == ("schema_discovery", "wording")


def test_small_talk_and_nothing_are_told_by_rules(classifier: TrainedClassifier):
    assert classifier.local("thank you very much").path == "small_talk"
    assert classifier.local(" ?! ").path == "empty"


async def test_words_of_an_agents_title_do_not_decide(classifier: TrainedClassifier):
    agent = AgentCapability(
        agent_id="delete_all",
        title="Delete And Restart Everything",
        purpose="a play",
        kind="rag",
        capabilities=("knowledge",),
    )
    asked = "Delete And Restart Everything: who directed it?"
    unknown = await classifier.classify(asked, registry=Registry(()))
    known = await classifier.classify(asked, registry=Registry((agent,)))
    assert known.query_type == "simple_lookup"
    assert (
        dict([(unknown.query_type, unknown.confidence), *unknown.alternatives])["tool_operation"]
        > dict(known.alternatives)["tool_operation"]
    )


class Counting:
    """An adviser that always says the same, or fails, and counts."""

    def __init__(self, says: str | None, *, fails: bool = False) -> None:
        self.says, self.fails, self.asked = says, fails, 0

    async def advise(self, question: str, likely: tuple[str, ...]) -> str | None:
        self.asked += 1
        if self.fails:
            raise ModelFailed("no answer", where="test", cure="none")
        return self.says


async def test_a_provider_is_asked_only_where_we_are_unsure(classifier: TrainedClassifier):
    async def said(adviser: Counting, below: float) -> tuple[str, str, int]:
        asked = TrainedClassifier(adviser, below, classifier.parts)  # pyright: ignore[reportArgumentType]
        found = await asked.classify(ASKED, registry=Registry(()))
        return found.query_type, found.path, adviser.asked

    assert await said(Counting("tool_operation"), 0.0) == ("schema_discovery", "model", 0)
    assert await said(Counting("tool_operation"), 1.1) == ("tool_operation", "llm", 1)
    assert await said(Counting(None), 1.1) == ("schema_discovery", "model", 1)
    assert await said(Counting(None, fails=True), 1.1) == ("schema_discovery", "model", 1)


async def test_many_questions_at_once_get_their_own_answers(classifier: TrainedClassifier):
    asked = [ASKED, "Delete draft 3.", "Who wrote the preface?"] * 5
    alone = [classifier.local(one) for one in asked]
    fresh = TrainedClassifier()
    together = await asyncio.gather(*(fresh.classify(one, registry=Registry(())) for one in asked))
    assert list(together) == alone


def test_whole_authors_are_left_out_or_else_whole_domains():
    asked = read_questions()
    for author, rows in folds_of(asked).items():
        assert {asked[row].author for row in rows} == {author}
        assert len(rows) <= len(asked) / 10
        assert sum(one.author == author for one in asked) == len(rows)
    one_author = [one for one in asked if one.author == asked[0].author]
    domains = [{one_author[row].domain for row in rows} for rows in folds_of(one_author).values()]
    assert sum(map(len, domains)) == len(frozenset[str]().union(*domains))


def test_training_measures_whom_it_left_out_and_twice_gives_the_same_file(tmp_path: Path):
    some, files = read_questions()[::160], find_model(DEFAULT_MODEL).folder
    evidence, rows = gathered(some), list(range(0, len(some), 4))
    said = HeldOut.joined([held_out(evidence, rows, files, 1)])
    asked = [some[row] for row in said.rows]
    mix = best_mix(asked, said.wording, said.meaning)
    assert figures(asked, said.scores(mix))["n"] == len(rows)
    digests: list[str] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = {"training_sha256": "", "questions": len(some), "encoder": "", "encoder_sha256": ""}
        model = fitted(evidence, files, mix, rounds=1)
        card = save_model(model, {**made, "figures": {}}, tmp_path / name)
        kept = load_model(tmp_path / name)
        assert all((kept.changes.of(at, "key") != 0).any() for at in range(6))
        digests.append(card.model_sha256)
    assert digests[0] == digests[1]


def test_a_question_is_read_by_one_thread(classifier: TrainedClassifier):
    """Several wait for each other by spinning, which takes ten times as long where cores are busy."""
    assert classifier.local("Who keeps the key?").path == "model"
    pools = [one for one in threadpool_info() if "numpy" in one["filepath"]]
    assert [one["num_threads"] for one in pools if one["user_api"] == "blas"] == [1]
