"""How well lies are told from quotes: real pages changed in every known way, and hard ones written by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graph.citations.quotes import check
from kb.commands.eval import app
from kb.evaluation.labelled_quotes import LabelledQuote, judged, quote_figures, read_quotes
from kb_contract.errors import BadInput
from tests.doubles.quote_cases import cases, pages_of, write_folder

ROOT = Path(__file__).parents[2]
BY_HAND = Path(__file__).parent / "labelled_quotes"
# Measured: .998 and .985 right. What is missed is named wrongly among lies, and reaches nobody.
LEAST = {"generated": 0.99, "by hand": 0.97}


def folder_of(name: str, tmp_path: Path) -> Path:
    if name == "by hand":
        return BY_HAND
    pages = pages_of(ROOT / "knowledge")
    texts = [{"id": one.id, "text": one.text} for one in pages]
    return write_folder(tmp_path / "quotes", texts, list(cases(pages)))


def measured(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["citations", *options])
    return done.exit_code, done.stdout


@pytest.mark.parametrize("name", LEAST)
def test_no_lie_passes_and_each_kind_is_told_from_the_others(name: str, tmp_path: Path):
    folder = folder_of(name, tmp_path)
    code, said = measured("--data", str(folder), "--json", "--verbose")
    figures: dict[str, Any] = json.loads(said)
    for kind, one in figures["per_class"].items():
        print(
            name, kind, f"precision {one['precision']:.3f} recall {one['recall']:.3f} n {one['n']}"
        )
    assert (code, figures["false_found"], figures["true_refused"]) == (0, 0, 0)
    assert figures["n"] >= 100
    assert figures["accuracy"] >= LEAST[name], figures["wrong"]
    for kind, one in figures["per_class"].items():
        assert one["n"] >= 10, f"too few of {kind}"
        assert min(one["precision"], one["recall"]) >= 0.85, (kind, figures["wrong"])


def test_the_cases_are_as_many_and_as_varied_as_is_said():
    made = list(cases(pages_of(ROOT / "knowledge")))
    assert len(made) >= 400
    assert len({one["how"].split(" became ")[0] for one in made}) >= 20
    by_hand = read_quotes(BY_HAND)
    assert len({one.quote for one in by_hand}) >= 125
    assert len(by_hand) + len(made) >= 550


def test_people_get_a_table_and_a_lie_that_passes_ends_with_1(tmp_path: Path):
    texts = [{"id": "p", "text": "Keys are rotated every 90 days by the owner."}]
    quotes = [{"quote": "Keys are rotated every 90 days", "passage": "p", "verdict": "altered"}]
    code, said = measured("--data", str(write_folder(tmp_path, texts, quotes)), "--verbose")
    assert code == 1
    assert "false ones that pass 1" in said
    assert "misattributed" in said
    assert "wanted altered, got found" in said


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"quote": "a", "passage": "q", "verdict": "found"}, "no passage 'q'"),
        ({"quote": "a", "passage": "p", "verdict": "true"}, "no verdict"),
        ({"quote": "a", "passage": "p", "verdict": "found", "others": "p"}, "others is no list"),
        ({"quote": "a", "passage": "p", "verdict": "found", "also_ok": ["x"]}, "no verdict"),
        ({"quote": "a", "passage": "p"}, "verdict"),
    ],
)
def test_a_wrong_line_is_named(row: dict[str, Any], what: str, tmp_path: Path):
    folder = write_folder(tmp_path, [{"id": "p", "text": "a"}], [row])
    with pytest.raises(BadInput, match=what):
        read_quotes(folder)


def test_options_of_the_other_measurement_are_refused(tmp_path: Path):
    assert measured("--data", str(tmp_path), "--agent", "a")[0] == 2


def test_what_can_be_defended_counts_as_right():
    label = LabelledQuote("1", "1.5 days", "It takes 11.5 days.", (), "altered", ("not_found",))
    figures = quote_figures(judged([label]))
    assert (figures["accuracy"], figures["false_found"]) == (1.0, 0)


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        (".5 mg twice", "They take 2.5 mg twice a day."),
        ("They take 2.", "They take 2.5 mg twice a day."),
        ("costs 10", "It costs 10-20 EUR."),
        ("20 EUR", "It costs 10\u201320 EUR."),
        ("400 people", "It had 12 400 people."),
        ("had 12", "It had 12\u202f400 people."),
        ("-compliant ones", "There are non-compliant ones."),
        ("compliant ones", "There are non-\ncompliant ones."),
    ],
)
def test_a_part_of_a_figure_or_of_a_denial_is_no_quote(quote: str, text: str):
    assert check(quote, text).verdict != "found"
