import csv
import json
import time
from pathlib import Path

import pytest

from graph.classification.classifier import classification_from_json
from graph.classification.query_type import QUERY_TYPES
from graph.classification.rules import RuleClassifier, classify
from graph.classification.small_talk import is_small_talk
from graph.planning.evaluation import LabelledQuestion, classification_figures
from graph.planning.registry import Registry

LABELLED = Path(__file__).parent / "classification_questions.tsv"


def labelled() -> list[LabelledQuestion]:
    rows = csv.reader(LABELLED.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=3)
    return [LabelledQuestion(text, kind) for kind, text in rows]


def test_labelled_questions_of_every_type_and_language():
    figures = classification_figures([(one, classify(one.text)) for one in labelled()])
    assert figures["n"] == 140
    assert figures["accuracy"] >= 0.93
    assert all(one["recall"] >= 0.8 for one in figures["per_class"].values())


def test_confidence_is_a_probability_over_all_types():
    for one in labelled():
        found = classify(one.text)
        total = found.confidence + sum(chance for _, chance in found.alternatives)
        assert total == pytest.approx(1.0, abs=0.001)
        assert {found.query_type, *(kind for kind, _ in found.alternatives)} == set(QUERY_TYPES)
        assert found.confidence >= max(chance for _, chance in found.alternatives)


@pytest.mark.parametrize(
    ("slip", "kind"),
    [
        ("comparsion of the two lease drafts", "complex_analysis"),
        ("sumarise the fire report", "rag_document"),
        ("remvoe the old badge from the system", "tool_operation"),
        ("waht is the price of a locker", "simple_lookup"),
        ("availble datasets and their colums", "schema_discovery"),
    ],
)
def test_slips_in_key_words_are_forgiven(slip: str, kind: str):
    assert classify(slip).query_type == kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who wrote 'Compare and Contrast'?", "simple_lookup"),
        ("What does the guide say about the `delete` button?", "rag_document"),
        ("phone number of the Explain Everything Company", "simple_lookup"),
        ("Don't restart anything, just explain how a restart works", "rag_document"),
        ("No comparison needed, only the price of plan B", "simple_lookup"),
        ("Not a lookup: please archive the folder", "tool_operation"),
    ],
)
def test_words_in_quotes_names_and_refusals_do_not_decide(question: str, kind: str):
    assert classify(question).query_type == kind


@pytest.mark.parametrize(
    "preamble",
    ["", "Hi there! ", "Please ", "Could you please ", "I'd like you to ", "Hello, can you "],
)
def test_politeness_does_not_decide(preamble: str):
    assert classify(f"{preamble}delete the second draft").query_type == "tool_operation"


@pytest.mark.parametrize(
    "said",
    ["Thanks, that's all", "hello", "Good morning!", "merci beaucoup", "ok great, thank you so much",
     "bye", "vielen Dank", "Thanks for your help"],
)  # fmt: skip
def test_small_talk_is_recognised(said: str):
    assert classify(said).path == "small_talk"


@pytest.mark.parametrize(
    "said",
    [
        "thanks, and who runs the lab?",
        "hello world example in the guide",
        "good policy",
        "",
        "no smoking",
    ],
)
def test_questions_are_not_small_talk(said: str):
    assert not is_small_talk(said)


def test_nothing_is_asked():
    assert classify(" ?! ").path == "empty"


@pytest.mark.parametrize(
    "text",
    ["what " * 4000, " " * 19_990 + "x", "12," * 6000, "who is the author of the " * 800,
     "how the data " * 1500, "what is\n" * 2500, "\x00\ud800" * 50, "'a " * 6000],
)  # fmt: skip
def test_long_and_odd_questions_take_no_time(text: str):
    began = time.process_time()
    assert classify(text).query_type in QUERY_TYPES
    assert time.process_time() - began < 2


async def test_the_port_and_json_round_trip():
    found = await RuleClassifier().classify("Compare A with B", registry=Registry(()))
    assert classification_from_json(json.loads(json.dumps(found.as_json()))) == found
